from celery import current_app
from django.conf import settings

from imagestudio.engines.children import Programs
from jobs import tasks
from tests.house.source import ROOT


def test_every_process_rings_the_configured_broker() -> None:
    assert current_app.main == "imagestudio"
    assert current_app.conf.broker_url == settings.REDIS_URL


def test_a_message_is_one_job_id() -> None:
    ours = [name for name in current_app.tasks if not name.startswith("celery.")]

    assert ours == ["jobs.run_job"]
    assert tasks.run_job.app.main == "imagestudio"


def test_nothing_depends_on_what_the_broker_remembers() -> None:
    conf = current_app.conf

    assert conf.task_acks_late is False
    assert conf.task_ignore_result is True
    assert conf.result_backend is None
    assert conf.beat_schedule == {}


def test_only_json_is_read() -> None:
    assert current_app.conf.accept_content == ["json"]


def test_no_wait_for_the_broker_is_endless() -> None:
    options = current_app.conf.broker_transport_options

    assert options["socket_timeout"] > 1  # It must outlast the worker's one-second blocking read.
    assert options["socket_connect_timeout"] <= 2
    assert options["max_connections"] >= 1024


def test_w21_it_takes_no_orders_and_tells_no_settings_by_the_broker() -> None:
    conf = current_app.conf

    assert conf.worker_enable_remote_control is False
    assert conf.worker_send_task_events is False
    assert conf.task_send_sent_event is False


def test_w21_it_is_started_without_events_everywhere() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    worker = Programs({}, ROOT, ROOT).worker()

    for flag in ("--without-heartbeat", "--without-gossip", "--without-mingle"):
        assert flag in worker.argv
        assert flag in compose
