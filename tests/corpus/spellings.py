"""What stands inside an odd delivery: base64 as others write it, pictures in other places."""

from __future__ import annotations

import json
from base64 import b64encode, encodebytes, urlsafe_b64encode

from imagestudio.images_api.errors import OutcomeUnknown, UnusableAnswer
from tests.corpus.deliveries import (
    B64,
    CODINGS,
    COMPLETED,
    HEADS,
    KINDS,
    NOISE,
    ODD,
    OK,
    PARTIAL,
    PNG,
    PREVIEW,
    Delivery,
    document,
    events,
    padded_pieces,
    whole,
)
from tests.upstream import USAGE

# A whole picture where nobody looks for one: all that can be done is to keep it.
STRANGE = {
    "type": "response.output_item.done",
    "item": {"result": b64encode(ODD * 2).decode()},
}
LARGE = {**STRANGE, "item": {"result": b64encode(NOISE).decode()}}

BASE64 = (
    Delivery("a data URL", whole(document(f"data:image/png;base64,{B64}"))),
    Delivery(
        "a data URL in capitals, with more in its head",
        whole(document(f"DATA:image/png;charset=utf-8;base64,{B64}")),
    ),
    Delivery(
        "a data URL in lines",
        whole(document(f"data:image/png;base64,\n{encodebytes(ODD).decode()}")),
        (ODD,),
    ),
    Delivery("in lines", whole(document(encodebytes(ODD).decode())), (ODD,)),
    Delivery(
        "in lines of Windows",
        whole(document(encodebytes(ODD).decode().replace("\n", "\r\n"))),
        (ODD,),
    ),
    Delivery("3 MB in lines", whole(document(encodebytes(NOISE).decode())), (NOISE,)),
    Delivery("one line break at the end", whole(document(f"{B64}\n"))),
    Delivery("white space in front", whole(document(f" \t\n{B64}"))),
    Delivery(
        "without padding",
        whole(document(b64encode(ODD + b"1").decode().rstrip("="))),
        (ODD + b"1",),
    ),
    Delivery(
        "with half its padding",
        whole(document(b64encode(ODD + b"1").decode().replace("==", "="))),
        (ODD + b"1",),
    ),
    Delivery(
        "the other alphabet", whole(document(urlsafe_b64encode(ODD).decode().rstrip("="))), (ODD,)
    ),
    Delivery("padded pieces", whole(document(padded_pieces(ODD))), (ODD,)),
    Delivery(
        "unicode escapes",
        whole(
            json.dumps(document("@")).replace(
                "@", B64.replace("/", "\\u002f").replace("+", "\\u002B")
            )
        ),
    ),
    Delivery(
        "in lines, as an event",
        events({**COMPLETED, "b64_json": encodebytes(ODD).decode()}),
        (ODD,),
        is_streamed=True,
    ),
    Delivery(
        "a data URL as an event",
        events({**COMPLETED, "b64_json": f"data:image/png;base64,{B64}"}),
        is_streamed=True,
    ),
    Delivery(
        "no base64",
        whole(document("<no picture>")),
        error=UnusableAnswer,
        code="bad_response",
        kept=b"<no picture>",
    ),
    Delivery(
        "no base64 from the middle on",
        whole(document(f"{b64encode(ODD).decode()}?!")),
        error=UnusableAnswer,
        code="bad_response",
        kept=f"{b64encode(ODD).decode()}?!".encode(),
    ),
)

PLACES = (
    Delivery(
        "a data URL in the address",
        whole({**OK, "data": [{"url": f"data:image/png;base64,{B64}"}]}),
    ),
    Delivery(
        "3 MB in the address",
        whole({**OK, "data": [{"url": f"data:image/png;base64,{b64encode(NOISE).decode()}"}]}),
        (NOISE,),
    ),
    Delivery(
        "an empty text beside it",
        whole({**OK, "data": [{"b64_json": "", "url": f"data:image/png;base64,{B64}"}]}),
    ),
    Delivery("data is one object", whole({**OK, "data": {"b64_json": B64}})),
    Delivery("under images", whole({"images": [{"b64_json": B64}], "usage": USAGE})),
    Delivery("at the top", whole({"b64_json": B64, "usage": USAGE})),
    Delivery(
        "deep inside",
        whole({"data": [], "output": {"content": [{"image": {"b64_json": B64}}]}, "usage": USAGE}),
    ),
    Delivery("a list at the top", whole([{"b64_json": B64}]), has_usage=False),
)

STREAMS = (
    Delivery(
        "data in an event",
        events({"created": 1, "data": [{"b64_json": B64}], "usage": USAGE}, "data: [DONE]\n\n"),
        is_streamed=True,
    ),
    Delivery("image.complete", events({**COMPLETED, "type": "image.complete"}), is_streamed=True),
    Delivery(
        "image_generation.done",
        events(PARTIAL, {**COMPLETED, "type": "image_generation.done"}),
        is_streamed=True,
    ),
    Delivery("a name that nobody knows", events({**COMPLETED, "type": "kitten"}), is_streamed=True),
    Delivery("no type at all", events({"b64_json": B64}, {"usage": USAGE}), is_streamed=True),
    Delivery(
        "an image inside",
        events({"type": "result", "image": {"b64_json": B64}, "usage": USAGE}),
        is_streamed=True,
    ),
    Delivery(
        "the price behind the picture",
        events({"type": "image", "b64_json": B64}, {"type": "usage", "usage": USAGE}),
        is_streamed=True,
    ),
    Delivery(
        "previews by other names",
        events(
            {**PARTIAL, "type": "image.progress"},
            {**PARTIAL, "type": "preview"},
            {**PARTIAL, "type": "image"},
            COMPLETED,
        ),
        is_streamed=True,
    ),
    Delivery(
        "unnamed before the one that is named",
        events({"b64_json": b64encode(PREVIEW).decode()}, COMPLETED),
        is_streamed=True,
    ),
    Delivery(
        "an event of nonsense before it",
        events("data: {oops}\n\n", 'data: {"a": NaN}\n\n', COMPLETED),
        is_streamed=True,
    ),
    Delivery(
        "nonsense in its own event",
        events(
            'data: {"type": "image_generation.completed", "score": NaN, "b64_json": "'
            + B64
            + '"}\n\n'
        ),
        is_streamed=True,
        has_usage=False,
    ),
    Delivery(
        "a data URL in the address of an event",
        events(
            {
                "type": "image_generation.completed",
                "url": f"data:image/png;base64,{B64}",
                "usage": USAGE,
            }
        ),
        is_streamed=True,
    ),
    Delivery(
        "two in one event",
        events(
            {"data": [{"b64_json": B64}, {"b64_json": b64encode(ODD).decode()}], "usage": USAGE}
        ),
        (PNG, ODD),
        is_streamed=True,
        n=2,
    ),
    Delivery(
        "under a name that nobody knows",
        events(STRANGE),
        (),
        is_streamed=True,
        error=OutcomeUnknown,
        code="truncated",
        kept=json.dumps(STRANGE).encode(),
    ),
    Delivery(
        "under a name that nobody knows, and large",
        events(LARGE),
        (),
        is_streamed=True,
        error=UnusableAnswer,
        kept=json.dumps(LARGE).encode(),
    ),
    Delivery(
        "cut behind the picture",
        events(json.dumps(COMPLETED).join(("data: ", ""))[:-200]),
        is_streamed=True,
        has_usage=False,
        error=OutcomeUnknown,
        code="truncated",
    ),
    Delivery(
        "cut inside the picture",
        events(f"data: {json.dumps(COMPLETED)[:150]}"),
        (),
        is_streamed=True,
        error=OutcomeUnknown,
        code="truncated",
        kept=b"\x89PNG",
    ),
)

DELIVERIES = (*CODINGS, *HEADS, *KINDS, *BASE64, *PLACES, *STREAMS)
