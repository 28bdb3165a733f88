from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class WebConfig(AppConfig):
    name = "imagestudio.web"
    label = "web"


class StaticConfig(StaticFilesConfig):
    """Leaves out what is only there to fetch the third-party files anew."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.py", "*.lock", "vendor.json"]
