from typing import Any

from django.conf import settings
from django.http import HttpRequest


def studio(request: HttpRequest) -> dict[str, Any]:
    """What every page may say about this installation."""
    return {
        "is_sandbox": settings.IS_SANDBOX,
        "provider_name": settings.PROVIDERS[0].name,
        "mail_folder": "" if settings.EMAIL_URL else str(settings.MAIL_DIR),
    }
