"""The HTTP side of the sandbox."""

from __future__ import annotations

import json
import secrets
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from imagestudio.images_api import day
from imagestudio.images_api.capabilities import MODELS, OFFICIAL
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.sandbox.answers import Resolved, make_answer
from imagestudio.sandbox.delivery import FileShelf, as_base64, send_events
from imagestudio.sandbox.envelope import ApiFault, Faulty
from imagestudio.sandbox.forms import parse_form, read_body
from imagestudio.sandbox.ledger import Ledger
from imagestudio.sandbox.magic import Magic, Trick
from imagestudio.sandbox.parsing import (
    Wanted,
    parse_edit_form,
    parse_edit_json,
    parse_generation,
    parse_json,
    parse_variation,
    served,
)

MAX_BODY_BYTES = 1024 * 1024
MAX_FORM_BYTES = 512 * 1024 * 1024
_FAULT_LATENCY_S = 0.2
_IDLE_S = 120
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_WITH_PICTURES = {"/v1/images/edits", "/v1/images/variations"}
_TRICKS_BEFORE_STREAMS = {Trick.GATEWAY_TIMEOUT, Trick.HTML}


class SandboxServer(ThreadingHTTPServer):
    """Listens as soon as it is made; `serve_forever` answers.

    With `answers="url"` pictures are answered by address, as some servers do. The variations
    endpoint is retired at the official service; `has_variations=False` does as it does.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        host: str,
        port: int,
        ledger: Path | None,
        latency_s: float,
        *,
        answers: str = "b64_json",
        has_variations: bool = True,
    ) -> None:
        self.ledger = Ledger(ledger)
        self.latency_s = latency_s
        self.answers = answers
        self.has_variations = has_variations
        self.shelf = FileShelf()
        super().__init__((host, port), SandboxHandler)

    @property
    def root_url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def base_url(self) -> str:
        return f"{self.root_url}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, as ours does once it has its picture."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def deliver(self, file: bytes, output_format: str) -> dict[str, str]:
        """Give what stands for one picture in an answer."""
        if self.answers == "url":
            return {"url": f"{self.root_url}/files/{self.shelf.put(file, output_format)}"}
        return as_base64(file, output_format)


class SandboxHandler(BaseHTTPRequestHandler):
    """One connection; each request gets an id, a key check and an answer in the API's shapes."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_other(self) -> None:
        self._answer(self._refuse_method)

    do_DELETE = do_PATCH = do_PUT = do_other  # noqa: N815

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave out the launcher's health checks, which would be most of the log."""
        if self.path != "/healthz":
            super().log_request(code, size)

    def _answer(self, work: Callable[[], None]) -> None:
        self._started_at = time.monotonic()
        self._request_id = f"req_sandbox_{secrets.token_hex(12)}"
        try:
            work()
        except Faulty as error:
            fault = error.fault
            self._send(fault.status, json.dumps(fault.body()).encode(), fault.headers)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _get(self) -> None:
        if self.path == "/healthz":
            self._send_json({"status": "ok"})
            return
        if self.path.startswith("/files/"):
            self._send_file(self.path.removeprefix("/files/"))
            return
        self._check_key()
        if self.path == "/v1/models":
            self._send_json({"object": "list", "data": list(_listed())})
        elif self.path.startswith("/v1/models/"):
            self._send_json(_model_json(served(self.path.removeprefix("/v1/models/"))))
        else:
            raise Faulty(ApiFault(404, f"Invalid URL (GET {self.path})"))

    def _post(self) -> None:
        is_form = self._media_type().startswith("multipart/form-data")
        body = self._read_body(MAX_FORM_BYTES if self.path in _WITH_PICTURES else MAX_BODY_BYTES)
        self._check_key()
        if self.path == "/v1/images/generations":
            self._work(parse_generation(parse_json(body)))
        elif self.path == "/v1/images/edits" and is_form:
            self._work(parse_edit_form(parse_form(self._media_type(), body)))
        elif self.path == "/v1/images/edits":
            self._work(parse_edit_json(parse_json(body)))
        elif self.path == "/v1/images/variations" and self.server.has_variations:
            self._work(parse_variation(parse_form(self._media_type(), body)))
        else:
            raise Faulty(ApiFault(404, f"Invalid URL (POST {self.path})"))

    def _refuse_method(self) -> None:
        self.close_connection = True
        raise Faulty(ApiFault(405, f"Not allowed to {self.command} on {self.path}."))

    def _work(self, wanted: Wanted) -> None:
        request = wanted.request
        magic = Magic.of(request.prompt)
        self.server.ledger.write_call(
            request_id=self._request_id,
            client_request_id=self.headers.get("X-Client-Request-Id"),
            model=request.model,
            prompt=request.prompt,
            n=request.n,
            billed=magic.fault is None,
        )
        if magic.fault:
            self._wait_until(magic.slow_s or min(_FAULT_LATENCY_S, self.server.latency_s))
            self._note("refused")
            raise Faulty(magic.fault)
        resolved = Resolved.of(request)
        latency_s = resolved.latency_s(self.server.latency_s)
        latency_s = latency_s if magic.slow_s is None else magic.slow_s
        if magic.trick == Trick.HANG:
            self._hang()
        elif request.stream and magic.trick not in _TRICKS_BEFORE_STREAMS:
            self._stream(wanted, resolved, magic.trick, latency_s)
        else:
            self._deliver(wanted, resolved, magic.trick, latency_s)

    def _deliver(
        self, wanted: Wanted, resolved: Resolved, trick: Trick | None, latency_s: float
    ) -> None:
        """Draw, wait for the rest of the latency, and answer as the trick has it."""
        n = resolved.request.n - (trick == Trick.PARTIAL)
        as_text = trick == Trick.NOT_AN_IMAGE
        answer = make_answer(wanted, resolved, n, self.server.deliver, as_text=as_text)
        body = json.dumps(answer).encode()
        self._wait_until(latency_s)
        self._note(trick or "answered")
        if trick == Trick.GATEWAY_TIMEOUT:
            self._send_page(504)
        elif trick == Trick.HTML:
            self._send_page(200)
        elif trick == Trick.CUT:
            self._send(200, body, sent_bytes=len(body) // 2)
        else:
            self._send(200, body)

    def _stream(
        self, wanted: Wanted, resolved: Resolved, trick: Trick | None, latency_s: float
    ) -> None:
        """Answer with events, each of them sent at once."""
        self._send_head(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        is_whole = send_events(
            wanted,
            resolved,
            trick,
            send=self._send_chunk,
            wait_until=self._wait_until,
            note=lambda: self._note(trick or "answered"),
            latency_s=latency_s,
        )
        if is_whole:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def _hang(self) -> None:
        """Say nothing until the client has had enough."""
        self._note("hung")
        self.close_connection = True
        waiting = select.poll()
        waiting.register(self.connection, select.POLLIN)
        while True:
            readable = waiting.poll(1000)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _check_key(self) -> None:
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            message = "You didn't provide an API key in an Authorization header."
            raise Faulty(ApiFault(401, message, code="invalid_api_key"))

    def _media_type(self) -> str:
        return str(self.headers.get("Content-Type", ""))

    def _read_body(self, max_bytes: int) -> bytes:
        try:
            return read_body(self.rfile, self.headers, max_bytes)
        except Faulty:
            # What was not read would be taken for the next request.
            self.close_connection = True
            raise

    def _wait_until(self, latency_s: float) -> None:
        time.sleep(max(0.0, self._started_at + latency_s - time.monotonic()))

    def _note(self, outcome: str) -> None:
        self.server.ledger.write_outcome(
            request_id=self._request_id,
            client_request_id=self.headers.get("X-Client-Request-Id"),
            outcome=outcome,
        )

    def _send_json(self, document: object) -> None:
        self._send(200, json.dumps(document).encode())

    def _send_page(self, status: int) -> None:
        page = _PAGE.format(HTTPStatus(status).phrase).encode()
        self._send(status, page, {"Content-Type": "text/html"})

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        sent_bytes: int | None = None,
    ) -> None:
        """Send an answer; with `sent_bytes` only its beginning, and hang up."""
        self._send_head(
            status,
            {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **(headers or {}),
            },
        )
        self.wfile.write(body[:sent_bytes])
        if sent_bytes is not None:
            self.close_connection = True

    def _send_head(self, status: int, headers: Mapping[str, str]) -> None:
        elapsed_ms = round((time.monotonic() - self._started_at) * 1000)
        fields = {
            "x-request-id": self._request_id,
            "openai-processing-ms": str(elapsed_ms),
            "openai-version": "2020-10-01",
            "x-sandbox": "true",
            **headers,
        }
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _send_file(self, name: str) -> None:
        data = self.server.shelf.get(name)
        if data is None:
            raise Faulty(ApiFault(404, "There is no such file."))
        self._send(200, data, {"Content-Type": "application/octet-stream"})


def _listed() -> Iterator[dict[str, object]]:
    for name in MODELS:
        spec = OFFICIAL.spec_of(name)
        if spec and spec.is_available(day.today()):
            yield _model_json(spec)


def _model_json(spec: ModelSpec) -> dict[str, object]:
    ends = spec.shuts_down_on.isoformat() if spec.shuts_down_on else None
    return {
        "id": spec.name,
        "object": "model",
        "created": spec.created,
        "owned_by": "system",
        "shutdown_date": ends,
    }
