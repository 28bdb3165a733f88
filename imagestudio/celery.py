"""The Celery app: `celery -A imagestudio.celery worker -P threads`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imagestudio.settings")

app = Celery("imagestudio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks(["jobs"])


@worker_ready.connect  # type: ignore[untyped-decorator]
def get_ready(**_: Any) -> None:
    from jobs.services.run import background

    background.start()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def leave(**_: Any) -> None:
    from jobs.services.pictures import post_processing

    post_processing.leave_the_rest()
