"""From the form to the stored picture, through every real part."""

from hashlib import sha256

import pytest

from tests.studio import RunningStudio, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]


def test_a_prompt_becomes_a_stored_picture(studio: RunningStudio) -> None:
    visitor = studio.visitor().sign_in()

    visitor.generate("an otter with a pearl")

    found = wait_for(
        lambda: studio.rows(
            "SELECT i.id, i.sha256, i.byte_count FROM jobs_image i"
            " JOIN jobs_job j ON j.id = i.job_id WHERE j.prompt = %s AND j.state = 'succeeded'",
            "an otter with a pearl",
        ),
        30,
    )
    image_id, digest, byte_count = found[0]
    original = visitor.get(f"/images/{image_id}/original")
    assert original.headers["Content-Type"] == "image/png"
    assert len(original.content) == byte_count
    assert sha256(original.content).hexdigest() == digest


def test_its_thumbnails_follow(studio: RunningStudio) -> None:
    visitor = studio.visitor().sign_in()

    visitor.generate("an otter with a shell")

    found = wait_for(
        lambda: studio.rows(
            "SELECT i.id FROM jobs_image i JOIN jobs_job j ON j.id = i.job_id"
            " WHERE j.prompt = %s AND j.thumbs_at IS NOT NULL",
            "an otter with a shell",
        ),
        30,
    )
    small = visitor.get(f"/images/{found[0][0]}/small")
    assert small.headers["Content-Type"] == "image/webp"
    assert small.content[8:12] == b"WEBP"


def test_its_cost_is_known(studio: RunningStudio) -> None:
    visitor = studio.visitor().sign_in()

    visitor.generate("an otter in the rain", quality="low")

    found = wait_for(
        lambda: studio.rows(
            "SELECT cost_microusd, estimate_low_microusd, estimate_high_microusd FROM jobs_job"
            " WHERE prompt = %s AND state = 'succeeded'",
            "an otter in the rain",
        ),
        30,
    )
    cost, low, high = found[0]
    assert low <= cost <= high
