"""Events in every chunking and spelling that the standard allows, and in linear time."""

from __future__ import annotations

import random

import pytest

from imagestudio.images_api.sse import EventLexer

Event = tuple[str, bytes]


def events_of(text: bytes, *, chunk: int = 1 << 20, ends: bool = True) -> list[Event]:
    found: list[Event] = []
    data = bytearray()

    def end(name: str) -> None:
        found.append((name, bytes(data)))
        data.clear()

    lexer = EventLexer(data.extend, end)
    for start in range(0, len(text), chunk):
        lexer.feed(text[start : start + chunk])
    if ends:
        lexer.end()
    return found


TWO = b'event: a\ndata: {"x": 1}\n\nevent: b\ndata: {"x": 2}\n\n'
READ = [("a", b'{"x": 1}'), ("b", b'{"x": 2}')]


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 11, 1000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_it_reads_events_in_any_chunks_and_line_ends(chunk: int, line_end: bytes) -> None:
    assert events_of(TWO.replace(b"\n", line_end), chunk=chunk) == READ


def test_it_reads_line_ends_in_any_mixture() -> None:
    text = b"event: a\rdata: 1\r\n\revent: b\ndata: 2\n\r\n"

    for chunk in range(1, len(text)):
        assert events_of(text, chunk=chunk) == [("a", b"1"), ("b", b"2")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b": ping\n\ndata: 1\n\n", [("", b"1")]),
        (b":\ndata: 1\n: in between\ndata: 2\n\n", [("", b"1\n2")]),
        (b"data: 1\ndata: 2\ndata\ndata:\ndata: 3\n\n", [("", b"1\n2\n\n\n3")]),
        (b"data:1\n\n", [("", b"1")]),
        (b"data:  1\n\n", [("", b" 1")]),
        (b"data: 1\nevent: late\n\n", [("late", b"1")]),
        (b"event: a\nevent: b\ndata: 1\n\n", [("b", b"1")]),
        (b"event: a\n\ndata: 1\n\n", [("", b"1")]),
        (b"id: 7\nretry: 100\nwhatever\ndata: 1\n\n", [("", b"1")]),
        (b"\xef\xbb\xbfdata: 1\n\n", [("", b"1")]),
        (b"\n\n\ndata: [DONE]\n\n\n\n", [("", b"[DONE]")]),
        (b"data: a:b: c\n\n", [("", b"a:b: c")]),
        (b"d" * 100 + b": 1\ndata: 2\n\n", [("", b"2")]),
        (b"datax: 1\n\n", []),
        (b"", []),
        (b"\n", []),
    ],
)
def test_it_reads_what_the_standard_allows(text: bytes, expected: list[Event]) -> None:
    assert [events_of(text, chunk=chunk) for chunk in (1, 2, 3, 64)] == [expected] * 4


@pytest.mark.parametrize("text", [b"data: 1", b"data: 1\n", b"data: 1\r", b"event: a\ndata: 1\r\n"])
def test_it_gives_the_last_event_without_an_empty_line(text: bytes) -> None:
    assert [data for _, data in events_of(text)] == [b"1"]
    assert events_of(text, ends=False) == []


def test_it_cuts_the_name_of_an_event() -> None:
    [(name, _)] = events_of(b"event: " + b"x" * 5_000 + b"\ndata: 1\n\n", chunk=100)

    assert len(name) in {199, 200}


def test_it_agrees_with_the_plain_way_on_random_streams() -> None:
    rng = random.Random(20261122)  # noqa: S311 Chance that repeats itself is wanted.
    for _ in range(200):
        expected = [
            (rng.choice(["", "a", "image.completed"]), rng.choice([b"{}", b"x" * 99, b"1\n2"]))
            for _ in range(rng.randint(0, 6))
        ]
        text = b"".join(spelled(event, rng) for event in expected)

        assert events_of(text, chunk=rng.choice([1, 3, 17, 400])) == expected


def spelled(event: Event, rng: random.Random) -> bytes:
    name, data = event
    lines = [b"data: " + line for line in data.split(b"\n")]
    lines += [f"event: {name}".encode()] if name else []
    lines += [b": ping"] if rng.random() < 0.3 else []
    line_end = rng.choice([b"\n", b"\r\n", b"\r"])
    return b"".join(line + line_end for line in lines) + line_end


def test_it_touches_each_byte_a_bounded_number_of_times() -> None:
    """Six megabytes on one line, in small pieces: a parser that looks back would take minutes."""
    pieces: list[int] = []
    lexer = EventLexer(lambda piece: pieces.append(len(piece)), lambda _: None)
    chunk = b"x" * 4096

    lexer.feed(b"data: ")
    for _ in range(1536):
        lexer.feed(chunk)
    lexer.feed(b"\n\n")

    assert sum(pieces) == 1536 * 4096
    assert max(pieces) == 4096


def test_it_survives_floods_of_nothing() -> None:
    flood = b"\r" * 30_000 + b"\n" * 30_000 + b":\n" * 10_000 + b"data:\n" * 10_000

    assert len(events_of(flood, chunk=1 << 16)) == 1
