"""The document says what the gateway does, and the gateway does what the document says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from jobs.gateway.api.fields import EDIT, GENERATION, VARIATION
from jobs.gateway.api.routes import ROUTES
from jobs.gateway.openapi import document
from jobs.states import State
from tests.conftest import MakeJob
from tests.gateway.asgi import Program
from tests.studio import RunningStudio, running_studio

RUN_S = 25
# What a schema can't say: which choices go together, what a file must be. And what it can't tell
# of forms: it breaks one of the two names for pictures, sends the other, and calls that invalid.
NOT_OF_A_SCHEMA = "positive_data_acceptance,negative_data_rejection,missing_required_header"


def faults(schema: str, instance: object) -> list[str]:
    resource = Resource.from_contents(document.document(), default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:own", resource)
    reference = {"$ref": f"urn:own#/components/schemas/{schema}"}
    found = Draft202012Validator(reference, registry=registry).iter_errors(instance)
    return [f"{error.json_path}: {error.message[:200]}" for error in found]


@pytest.mark.django_db(transaction=True)
def test_it_is_open_to_all_and_names_our_address() -> None:
    answer = Program().call("GET", "/v1/openapi.json")

    assert answer.status == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert answer.json()["servers"] == [{"url": "http://127.0.0.1/v1"}]


def test_it_has_every_route_with_what_may_be_answered() -> None:
    paths = document.document()["paths"]

    for route in ROUTES:
        operation = paths[route.path.removeprefix("/v1")][route.method.lower()]
        assert {"200", "401", "403", "404", "429", "500", "503"} <= set(operation["responses"])


def test_programs_that_were_made_from_it_keep_the_names_of_their_calls() -> None:
    """They come from our functions, and are method names in what others generate."""
    operations = [each for path in document.document()["paths"].values() for each in path.values()]

    assert {each["operationId"] for each in operations} == {
        *("work_generate", "work_edit", "work_vary", "studio_models", "studio_model"),
        *("studio_job", "studio_result", "studio_cancel", "studio_images"),
    }


def test_every_reference_in_it_leads_somewhere() -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document.document())))

    assert names <= set(document.document()["components"]["schemas"])


def test_all_that_is_parsed_is_documented() -> None:
    schemas = document.document()["components"]["schemas"]

    assert set(schemas["GenerationRequest"]["properties"]) == {each.name for each in GENERATION}
    assert {each.name for each in EDIT} <= set(schemas["EditRequest"]["properties"])
    assert {each.name for each in VARIATION} <= set(schemas["VariationForm"]["properties"])


def test_its_schemas_are_schemas() -> None:
    for schema in document.document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", list(State))
def test_a_job_in_every_state_is_as_documented(
    state: State, program: Program, make_job: MakeJob
) -> None:
    fields: dict[str, Any] = {"error_code": "x", "error_message": "y"}
    job = make_job(state=state, images=1 if state is State.SUCCEEDED else 0, **fields)

    document = program.call("GET", f"/v1/studio/jobs/{job.pk}").json()

    assert faults("StudioJob", document) == []
    assert (document["error"] is None) == (state in (State.QUEUED, State.RUNNING, State.SUCCEEDED))


@pytest.mark.django_db(transaction=True)
def test_the_lists_are_as_documented(program: Program, make_job: MakeJob) -> None:
    for _ in range(2):
        make_job(state=State.SUCCEEDED, images=2)

    first = program.call("GET", "/v1/studio/images?limit=3").json()
    rest = program.call("GET", f"/v1/studio/images?limit=3&after={first['last_id']}").json()

    assert faults("StudioImageList", first) == faults("StudioImageList", rest) == []
    assert (len(first["data"]), first["has_more"]) == (3, True)
    assert (len(rest["data"]), rest["has_more"]) == (1, False)
    assert len({image["id"] for image in first["data"] + rest["data"]}) == 4
    assert faults("ModelList", program.call("GET", "/v1/models").json()) == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=x", "after="])
@pytest.mark.django_db(transaction=True)
def test_a_cursor_that_makes_no_sense_is_refused(query: str, program: Program) -> None:
    assert program.call("GET", f"/v1/studio/images?{query}").status == 400


@pytest.fixture
def open_studio() -> Iterator[RunningStudio]:
    """One whose limits do not stand in the way of thousands of requests."""
    limits = {
        f"STUDIO_GATEWAY_{name}": "1000000"
        for name in ("KEY_REQUESTS_PER_MINUTE", "MEMBER_REQUESTS_PER_MINUTE", "MAX_QUEUED")
    }
    with running_studio(STUDIO_SANDBOX_LATENCY_S="0.1", **limits) as running:
        yield running


@pytest.mark.slow
@pytest.mark.xdist_group("programs")
def test_schemathesis_finds_nothing(open_studio: RunningStudio, tmp_path: Path) -> None:
    secret = key_of(open_studio)
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [
        *(program, "run", f"{open_studio.base_url}/v1/openapi.json"),
        *("-H", f"Authorization: Bearer {secret}", "-H", "Prefer: respond-async"),
        *("--phases", "coverage,fuzzing", "--max-time", str(RUN_S)),
        *("--exclude-checks", NOT_OF_A_SCHEMA, "--continue-on-failure", "--no-color"),
    ]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=RUN_S * 6,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-5000:]


def key_of(studio: RunningStudio) -> str:
    visitor = studio.visitor().sign_in()
    fields: Any = {"name": "fuzz", "scopes": ["generate", "edit", "read"], "lifetime": ""}
    page = visitor.post("/keys/new/", visitor.get("/keys/"), **fields).text
    found = re.search(r"ist_m[0-9A-Za-z]{49}", page)
    assert found
    return found.group()
