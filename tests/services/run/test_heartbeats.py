import os

import pytest
from django.core.files.storage import default_storage

from imagestudio.web.health import Unwell
from jobs.services.run import heartbeats
from jobs.services.run.worker import run
from jobs.states import State
from tests.conftest import MakeJob
from tests.services.answers import leave_answer


def test_storage_that_takes_is_said_to(db: None) -> None:
    with pytest.raises(Unwell):
        heartbeats.assert_storage_takes()

    heartbeats.probe_storage()

    assert heartbeats.assert_storage_takes() < 60
    assert default_storage.listdir("health")[1] == []


def test_a_spool_that_drains_is_said_to(db: None) -> None:
    heartbeats.probe_spool()

    assert heartbeats.assert_spool_drains() < 60


def test_a_spool_with_an_old_answer_is_not(make_job: MakeJob) -> None:
    os.utime(leave_answer(make_job(state=State.RUNNING)).folder, (1, 1))

    heartbeats.probe_spool()

    with pytest.raises(Unwell):
        heartbeats.assert_spool_drains()


def test_the_canary_comes_back_as_a_sign_of_life(db: None) -> None:
    with pytest.raises(Unwell):
        heartbeats.assert_worker_hears()

    run(heartbeats.CANARY_ID)

    assert heartbeats.assert_worker_hears() is not None


def test_a_worker_with_its_hands_full_is_not_called_deaf(make_job: MakeJob) -> None:
    make_job(state=State.RUNNING)

    assert heartbeats.assert_worker_hears() is None


def test_without_a_sign_of_life_the_studio_is_not_ready(db: None) -> None:
    with pytest.raises(Unwell):
        heartbeats.assert_sweeper_alive()
