from django.apps import AppConfig


class StudioConfig(AppConfig):
    """The roof. Loading the Celery app here makes web and sweeper ring the right broker."""

    name = "imagestudio"
    label = "imagestudio"
    verbose_name = "Image Studio"

    def ready(self) -> None:
        from imagestudio import (
            celery,  # noqa: F401
            checks,  # noqa: F401
        )
