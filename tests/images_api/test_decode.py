from __future__ import annotations

import base64
import hashlib
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from imagestudio.images_api.decode import (
    MAX_OTHER_BYTES,
    MAX_PICTURES,
    BodyReader,
    DecodedBody,
)
from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer

FOX, OWL = b"\x89PNG fox " * 40, b"\x89PNG owl\xff\xfe" * 31


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def body_of(*pictures: bytes, **fields: object) -> bytes:
    data = [{"b64_json": b64(picture)} for picture in pictures]
    return json.dumps({"created": 7, "data": data, **fields}).encode()


def decode(body: bytes, into: Path, chunk: int = 7, **limits: Any) -> DecodedBody:
    stream, reader = io.BytesIO(body), BodyReader(into, **limits)
    reader.read_all(lambda size: stream.read(min(chunk, size)))
    return reader.finish()


def files_of(decoded: DecodedBody) -> list[bytes]:
    return [image.path.read_bytes() for image in decoded.images]


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 64, 1000, 1 << 20])
def test_it_decodes_at_any_chunk_size(tmp_path: Path, chunk: int) -> None:
    decoded = decode(body_of(FOX, OWL), tmp_path, chunk)

    assert files_of(decoded) == [FOX, OWL]


def test_it_agrees_with_the_plain_way_on_random_answers(tmp_path: Path) -> None:
    rng = random.Random(20261122)  # noqa: S311 Chance that repeats itself is wanted.
    for number in range(150):
        pictures = [rng.randbytes(rng.randint(1, 400)) for _ in range(rng.randint(1, 5))]
        text = json.dumps(
            {
                "note": rng.choice(['"b64_json": "QUJD"', "\\", '\\"', "é\u2028", ""]),
                "data": [{"x": [1, {"y": None}], "b64_json": b64(picture)} for picture in pictures],
            },
            indent=rng.choice([None, 1, 4]),
            ensure_ascii=rng.random() < 0.5,
        )
        body = text.replace("/", "\\/").encode() if rng.random() < 0.5 else text.encode()
        into = tmp_path / str(number)
        into.mkdir()

        decoded = decode(body, into, rng.randint(1, 90))

        assert files_of(decoded) == pictures
        assert decoded.document["note"] == json.loads(text)["note"]


def test_it_gives_hash_size_and_place_of_each_file(tmp_path: Path) -> None:
    decoded = decode(body_of(FOX, OWL), tmp_path)

    second = decoded.images[1]
    assert second.path == tmp_path / "1.part"
    assert (second.index, second.byte_count, second.problem) == (1, len(OWL), None)
    assert second.sha256 == hashlib.sha256(OWL).hexdigest()


def test_it_gives_the_rest_of_the_answer_without_the_pictures(tmp_path: Path) -> None:
    body = body_of(FOX, size="1024x1024", usage={"input_tokens": 5})

    decoded = decode(body, tmp_path)

    assert decoded.document == {
        "created": 7,
        "data": [{}],
        "size": "1024x1024",
        "usage": {"input_tokens": 5},
    }
    assert decoded.byte_count == len(body)


@pytest.mark.parametrize(
    "text",
    [
        '{ "data" :\r\n\t[ { "b64_json"\n : \t"%s" } ] , "created" : 1 }',
        '{"data":[{"revised_prompt":"a","b64_json":"%s","url":null}]}',
        '{"data":[{"b64\\u005fjson":"%s"}]}',
        '\ufeff{"data":[{"b64_json":"%s"}]}',
        '{"created":1,"created":2,"data":[{"b64_json":"%s"}]}',
    ],
    ids=["whitespace", "other fields", "escaped key", "byte order mark", "double field"],
)
def test_it_takes_any_spelling_of_the_same_json(tmp_path: Path, text: str) -> None:
    decoded = decode((text % b64(FOX)).encode(), tmp_path, 1)

    assert files_of(decoded) == [FOX]


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 5, 6, 7, 1000])
def test_it_understands_escapes_in_base64(tmp_path: Path, chunk: int) -> None:
    picture = bytes(range(256)) * 2
    text = b64(picture).replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")

    decoded = decode(f'{{"data":[{{"b64_json":"{text}"}}]}}'.encode(), tmp_path, chunk)

    assert files_of(decoded) == [picture]


def test_it_leaves_out_pictures_that_are_null(tmp_path: Path) -> None:
    body = json.dumps({"data": [{"b64_json": None}, {"b64_json": b64(OWL)}]}).encode()

    decoded = decode(body, tmp_path)

    assert [(image.index, image.path.read_bytes()) for image in decoded.images] == [(0, OWL)]


def test_it_is_not_fooled_by_a_key_inside_a_text(tmp_path: Path) -> None:
    prompt = 'he said "b64_json": "QUJD" and \\"b64_json\\":"QUJD"'

    decoded = decode(body_of(FOX, prompt=prompt), tmp_path, 3)

    assert files_of(decoded) == [FOX]
    assert decoded.document["prompt"] == prompt


def test_it_takes_the_key_as_a_value_for_a_text(tmp_path: Path) -> None:
    body = f'{{"kind":"b64_json","x":["b64_json","QUJD"],"data":[{{"b64_json":"{b64(FOX)}"}}]}}'

    decoded = decode(body.encode(), tmp_path)

    assert decoded.document["x"] == ["b64_json", "QUJD"]
    assert files_of(decoded) == [FOX]


def test_it_takes_pictures_of_data_only_and_removes_others(tmp_path: Path) -> None:
    document = {"b64_json": b64(OWL), "data": [{"b64_json": b64(FOX), "x": {"b64_json": "QUJD"}}]}

    decoded = decode(json.dumps(document).encode(), tmp_path)

    assert files_of(decoded) == [FOX]
    assert [path.name for path in tmp_path.iterdir()] == ["1.part"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("QUJDQ", "its base64 ends in the middle"),
        ("QUJDQ===", "its base64 ends in the middle"),
        ("Q=QUJD", "its base64 ends in the middle"),
        ("data:image/png,QUJD", "it is not base64"),
        ("data:image/png;base64", "it is not base64"),
        ("QUJDé12", "it is not base64"),
        ("QU\\\\JD", "it is not base64"),
        ("QUJD\\u00e9QUJ", "it is not base64"),
        ("<svg>QUJD</svg>", "it is not base64"),
        ("", "it is empty"),
        (" \\n", "it is empty"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_it_names_the_problem_of_a_picture_and_keeps_the_others(
    tmp_path: Path, text: str, problem: str, chunk: int
) -> None:
    body = f'{{"data":[{{"b64_json":"{text}"}},{{"b64_json":"{b64(FOX)}"}}]}}'

    bad, good = decode(body.encode(), tmp_path, chunk).images

    assert bad.problem == problem
    assert good.path.read_bytes() == FOX


def test_it_keeps_the_whole_text_of_a_picture_that_fails_late(tmp_path: Path) -> None:
    text = b64(FOX * 50) + "!" + b64(OWL)
    body = f'{{"data":[{{"b64_json":"{text}"}},{{"b64_json":"QUJD"}}]}}'

    bad, _ = decode(body.encode(), tmp_path, 1000).images

    assert bad.path == tmp_path / "0.raw"
    assert bad.path.read_text() == text
    assert bad.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert not (tmp_path / "0.part").exists()


def test_it_refuses_an_answer_whose_pictures_all_fail(tmp_path: Path) -> None:
    body = b'{"data":[{"b64_json":"Q!JD"}],"usage":{"input_tokens":1,"output_tokens":9}}'

    with pytest.raises(UnusableAnswer, match="not base64") as caught:
        decode(body, tmp_path)

    assert caught.value.raw_path is not None
    assert caught.value.raw_path.read_text() == "Q!JD"
    assert caught.value.usage is not None
    assert caught.value.usage.image_out == 9


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"<!DOCTYPE html><html><a href='x", "web page"),
        (b'<html lang="en', "web page"),
        (b"upstream connect error", "not JSON"),
        (b'{"data":[]} trailing', "not JSON"),
        (b'{"data":[}', "not JSON"),
        (b'{"data":NaN}', "not JSON that can be read safely"),
        (b'{"x":' + b"9" * 5000 + b"}", "not JSON that can be read safely"),
        (b'{"x":"\xff\xff"}', "not JSON that can be read safely"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON that can be read safely"),
        (b"[1, 2]", "another shape"),
        (b'"b64_json"', "another shape"),
        (b"{}", "no picture"),
        (b'{"data":null}', "no picture"),
        (b'{"data":[]}', "no picture"),
        (b'{"data":["b64_json"]}', "no picture"),
        (b'{"data":[{"b64_json":null}]}', "no picture"),
        (b'{"data":[{"b64_json":12}]}', "no picture"),
        (b'{"data":[{"url":"http://127.0.0.1/x.png"}]}', "not set up for them"),
    ],
)
def test_it_refuses_what_is_whole_but_no_answer(tmp_path: Path, body: bytes, reason: str) -> None:
    with pytest.raises(UnusableAnswer, match=reason) as caught:
        decode(body, tmp_path, 50)

    assert caught.value.code == "bad_response"
    assert caught.value.raw_path == tmp_path / "raw"


def test_it_keeps_what_a_useless_answer_said(tmp_path: Path) -> None:
    page = b"<html>Please sign in</html>"

    with pytest.raises(UnusableAnswer):
        decode(page, tmp_path)

    assert (tmp_path / "raw").read_bytes() == page


def test_field_f05_it_keeps_an_answer_whole_that_holds_too_much_besides(tmp_path: Path) -> None:
    """Of three megabytes one was kept, and the pictures under another name with it lost."""
    body = b'{"images":["' + bytes(range(65, 91)) * (MAX_OTHER_BYTES // 8)

    with pytest.raises(UnusableAnswer, match="too much besides"):
        decode(body, tmp_path, 100_000)

    assert (tmp_path / "raw").read_bytes() == body


def test_field_f05_it_keeps_no_more_than_the_limit_of_the_body(tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer):
        decode(b"x" * 9 * MAX_OTHER_BYTES, tmp_path, 100_000, max_bytes=3 * MAX_OTHER_BYTES)

    assert (tmp_path / "raw").stat().st_size <= 3 * MAX_OTHER_BYTES + 100_000


def test_it_stops_at_the_limit_of_the_whole_body(tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer, match="larger than 2,000 bytes"):
        decode(body_of(FOX * 100), tmp_path, 100, max_bytes=2_000)


def test_it_stops_at_too_many_pictures(tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer, match=f"more than {MAX_PICTURES} pictures"):
        decode(body_of(*[b"x"] * (MAX_PICTURES + 1)), tmp_path, 1000)


def test_it_calls_every_shortened_answer_broken_off(tmp_path: Path) -> None:
    body = body_of(FOX[:30], usage={"input_tokens": -1, "x": True, "y": [None, "a\\b"]})

    for length in range(1, len(body)):
        with pytest.raises(OutcomeUnknown) as caught:
            decode(body[:length], tmp_path, 64)
        assert caught.value.code == "truncated"


def test_it_gives_the_pictures_that_came_before_the_break(tmp_path: Path) -> None:
    body = body_of(FOX, OWL)

    with pytest.raises(OutcomeUnknown) as caught:
        decode(body[:-40], tmp_path, 64)

    assert [image.path.read_bytes() for image in caught.value.images] == [FOX]


def test_it_gives_them_too_when_reading_fails(tmp_path: Path) -> None:
    body, reader = io.BytesIO(body_of(FOX, OWL)[:-40]), BodyReader(tmp_path)

    def read(_: int) -> bytes:
        if piece := body.read(64):
            return piece
        raise OutcomeUnknown("The line went dead.")

    with pytest.raises(OutcomeUnknown) as caught:
        reader.read_all(read)

    assert [image.path.read_bytes() for image in caught.value.images] == [FOX]


def test_it_calls_a_full_disk_an_unknown_outcome(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    with pytest.raises(OutcomeUnknown, match="could not be written to disk") as caught:
        decode(body_of(FOX), gone)

    assert caught.value.code == "disk"


def test_it_calls_a_file_that_vanished_an_unknown_outcome(tmp_path: Path) -> None:
    body, reader = io.BytesIO(body_of(FOX, OWL)), BodyReader(tmp_path)
    reader.read_all(body.read)
    (tmp_path / "0.part").unlink()

    with pytest.raises(OutcomeUnknown) as caught:
        reader.finish()

    assert caught.value.code == "disk"


def test_it_refuses_a_useless_answer_even_when_it_cannot_keep_it(tmp_path: Path) -> None:
    with pytest.raises(UnusableAnswer) as caught:
        decode(b"<html>", tmp_path / "gone")

    assert caught.value.raw_path is None


def test_it_survives_a_flood_of_escapes(tmp_path: Path) -> None:
    flood = b'{"x":"' + b"\\/" * 300_000 + b'","data":[{"b64_json":"QUJD"}]}'

    decoded = decode(flood, tmp_path, 1 << 18)

    assert decoded.images[0].path.read_bytes() == b"ABC"
