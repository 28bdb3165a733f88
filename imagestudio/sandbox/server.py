"""The HTTP side of the sandbox."""

from __future__ import annotations

import json
import secrets
import select
import socket
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from imagestudio.images_api.capabilities import MODELS
from imagestudio.images_api.modelspec import ModelSpec
from imagestudio.sandbox.answers import Resolved, make_answer
from imagestudio.sandbox.envelope import ApiFault, Faulty
from imagestudio.sandbox.ledger import Ledger
from imagestudio.sandbox.magic import Magic, Trick
from imagestudio.sandbox.parsing import parse_generation, parse_json

MAX_BODY_BYTES = 1024 * 1024
_FAULT_LATENCY_S = 0.2
_IDLE_S = 120
_CREATED = 1_793_750_400  # 2026-11-04, the day the newest models came out.
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class SandboxServer(ThreadingHTTPServer):
    """Listens as soon as it is made; `serve_forever` answers."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, host: str, port: int, ledger: Path | None, latency_s: float) -> None:
        self.ledger = Ledger(ledger)
        self.latency_s = latency_s
        super().__init__((host, port), SandboxHandler)

    @property
    def base_url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/v1"


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
        self._check_key()
        if self.path == "/v1/models":
            data = [_model_json(spec) for spec in MODELS.values()]
            self._send_json({"object": "list", "data": data})
        elif self.path.startswith("/v1/models/"):
            self._send_json(_model_json(_spec(self.path.removeprefix("/v1/models/"))))
        else:
            raise Faulty(ApiFault(404, f"Invalid URL (GET {self.path})"))

    def _post(self) -> None:
        body = self._read_body()
        self._check_key()
        if self.path == "/v1/images/generations":
            self._generate(body)
        elif self.path == "/v1/images/edits":
            raise Faulty(ApiFault(400, "The sandbox draws from prompts only.", code="unsupported"))
        else:
            raise Faulty(ApiFault(404, f"Invalid URL (POST {self.path})"))

    def _refuse_method(self) -> None:
        self.close_connection = True
        raise Faulty(ApiFault(405, f"Not allowed to {self.command} on {self.path}."))

    def _generate(self, body: bytes) -> None:
        request = parse_generation(parse_json(body))
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
        self._deliver(resolved, magic.trick, latency_s if magic.slow_s is None else magic.slow_s)

    def _deliver(self, resolved: Resolved, trick: Trick | None, latency_s: float) -> None:
        """Draw, wait for the rest of the latency, and answer as the trick has it."""
        if trick == Trick.HANG:
            self._hang()
            return
        n = resolved.request.n - (trick == Trick.PARTIAL)
        answer = make_answer(resolved, n, as_text=trick == Trick.NOT_AN_IMAGE)
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

    def _hang(self) -> None:
        """Say nothing until the client has had enough."""
        self._note("hung")
        self.close_connection = True
        while True:
            readable, _, _ = select.select([self.connection], [], [], 1)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return

    def _check_key(self) -> None:
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            message = "You didn't provide an API key in an Authorization header."
            raise Faulty(ApiFault(401, message, code="invalid_api_key"))

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self.close_connection = True
            raise Faulty(ApiFault(411, "The request needs a Content-Length."))
        if int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            raise Faulty(ApiFault(413, f"The request is larger than {MAX_BODY_BYTES:,} bytes."))
        return self.rfile.read(int(length))

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
        elapsed_ms = round((time.monotonic() - self._started_at) * 1000)
        fields = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "x-request-id": self._request_id,
            "openai-processing-ms": str(elapsed_ms),
            "openai-version": "2020-10-01",
            "x-sandbox": "true",
            **(headers or {}),
        }
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent_bytes])
        if sent_bytes is not None:
            self.close_connection = True


def _spec(name: str) -> ModelSpec:
    if name not in MODELS:
        message = f"The model '{name}' does not exist."
        raise Faulty(ApiFault(404, message, code="model_not_found", param="model"))
    return MODELS[name]


def _model_json(spec: ModelSpec) -> dict[str, object]:
    ends = spec.shuts_down_on.isoformat() if spec.shuts_down_on else None
    return {
        "id": spec.name,
        "object": "model",
        "created": _CREATED,
        "owned_by": "system",
        "shutdown_date": ends,
    }
