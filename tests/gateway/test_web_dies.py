"""A web process is killed while a program waits there: what it ordered is bought once."""

import threading
from collections.abc import Iterator

import openai
import psutil
import pytest

from tests.gateway.conftest import make_secret
from tests.studio import RunningStudio, running_studio, wait_for

pytestmark = pytest.mark.xdist_group("processes")

WEB = "imagestudio.asgi:application"
PROMPT = "[slow:3] an otter that was interrupted"
BEGUN = "SELECT process, id FROM jobs_job JOIN jobs_caller ON job_id = id WHERE prompt = %s"


@pytest.fixture
def own_studio() -> Iterator[RunningStudio]:
    with running_studio(STUDIO_SANDBOX_LATENCY_S="0.3") as running:
        yield running


def test_its_repeat_joins_the_job(own_studio: RunningStudio) -> None:
    secret, found = make_secret(own_studio), []

    def draw() -> None:
        with openai.OpenAI(api_key=secret, base_url=f"{own_studio.base_url}/v1") as sdk:
            eager = sdk.with_options(max_retries=6)
            found.append(eager.images.generate(model="gpt-image-2.6-flare", prompt=PROMPT))

    program = threading.Thread(target=draw)
    program.start()
    wait_for(lambda: own_studio.rows(BEGUN, PROMPT), 20)
    for web in webs_of(own_studio):
        web.kill()
    program.join(60)

    assert len(found) == 1
    assert own_studio.rows("SELECT count(*) FROM jobs_job") == [(1,)]
    assert len([line for line in own_studio.ledger() if line.get("prompt") == PROMPT]) == 1


def webs_of(studio: RunningStudio) -> list[psutil.Process]:
    launcher = studio.program(WEB).parent()
    assert launcher is not None
    return [each for each in launcher.children() if WEB in " ".join(each.cmdline())]
