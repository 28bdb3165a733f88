"""What our client costs a call beside a bare `requests` call: `python -m bench.client`.

Both run in processes of their own against the same server on loopback, one after the other. The
bare call does the least that gives the same result: files with the pictures, decoded.
"""

from __future__ import annotations

import argparse
import base64
import json
import resource
import secrets
import socketserver
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import requests

from imagestudio.images_api.client import Call, ImagesClient, InputFile, Inputs
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import ImageRequest

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1024 * 1024
DEADLINE_S = 300
INPUT_COUNT = 16
INPUT_BYTES = 20 * MEGABYTE


@dataclass(frozen=True)
class Case:
    name: str
    answer_bytes: int
    has_inputs: bool
    calls: int


CASES = {
    "small": Case("1.5 MB answer", 1536 * 1024, has_inputs=False, calls=40),
    "large": Case("15 MB answer", 15 * MEGABYTE, has_inputs=False, calls=10),
    "inputs": Case("16 inputs of 20 MB", 1536 * 1024, has_inputs=True, calls=3),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=4, metavar=("CASE", "WAY", "URL", "FOLDER"))
    child = parser.parse_args().child
    if child:
        measure(CASES[child[0]], child[1], child[2], Path(child[3]))
        return
    print(f"{'':20} {'CPU, ms a call':>26} {'peak memory, MB':>26}")
    print(f"{'':20} {'bare':>8} {'ours':>8} {'more':>8} {'bare':>8} {'ours':>8} {'more':>8}")
    for key, case in CASES.items():
        print_case(key, case)


def print_case(key: str, case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder, AnswerServer(case.answer_bytes) as server:
        bare, ours = (run_child(key, way, server.url, folder) for way in ("bare", "ours"))
    columns = [
        *(bare["cpu_ms"], ours["cpu_ms"], ours["cpu_ms"] - bare["cpu_ms"]),
        *(bare["peak_mb"], ours["peak_mb"], ours["peak_mb"] - bare["peak_mb"]),
    ]
    print(f"{case.name:20} " + " ".join(f"{value:8.1f}" for value in columns), flush=True)


def run_child(key: str, way: str, url: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.client", "--child", key, way, url, folder]
    done = subprocess.run(  # noqa: S603 Our own command.
        command, cwd=ROOT, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(case: Case, way: str, url: str, folder: Path) -> None:
    """Make the calls and print what they took; the first one, which warms up, is not counted."""
    inputs = make_inputs(folder) if case.has_inputs else []
    call = call_bare if way == "bare" else call_ours
    before_kb = memory_kb("VmRSS")
    call(url, inputs, folder / f"{way}-warm")
    started = cpu_s()
    for number in range(case.calls):
        call(url, inputs, folder / f"{way}-{number}")
    used = cpu_s() - started
    peak_kb = memory_kb("VmHWM") - before_kb
    print(json.dumps({"cpu_ms": used / case.calls * 1000, "peak_mb": peak_kb / 1024}))


def call_bare(url: str, inputs: list[Path], into: Path) -> None:
    into.mkdir()
    fields = {"model": "gpt-image-2.6-flare", "prompt": "an otter"}
    headers = {"Authorization": "Bearer sk-bench"}
    with requests.Session() as session:
        if inputs:
            opened = [path.open("rb") for path in inputs]
            files = [("image[]", (file.name, file, "image/png")) for file in opened]
            target = f"{url}/images/edits"
            answer = session.post(target, data=fields, files=files, headers=headers, timeout=300)
            for file in opened:
                file.close()
        else:
            target = f"{url}/images/generations"
            answer = session.post(target, json=fields, headers=headers, timeout=300)
    for number, item in enumerate(answer.json()["data"]):
        (into / str(number)).write_bytes(base64.b64decode(item["b64_json"]))


def call_ours(url: str, inputs: list[Path], into: Path) -> None:
    client = ImagesClient(Provider("bench", url, "sk-bench"))
    call = Call(DEADLINE_S)
    request = ImageRequest(model="gpt-image-2.6-flare", prompt="an otter")
    if inputs:
        files = tuple(InputFile(path, path.name, "image/png") for path in inputs)
        client.edit(request, Inputs(files), into=into, call=call)
    else:
        client.generate(request, into=into, call=call)


def make_inputs(folder: Path) -> list[Path]:
    paths = [folder / f"input-{number}.png" for number in range(INPUT_COUNT)]
    for path in paths:
        if not path.exists():
            path.write_bytes(secrets.token_bytes(MEGABYTE) * (INPUT_BYTES // MEGABYTE))
    return paths


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def memory_kb(field: str) -> int:
    """Read what the kernel knows; `ru_maxrss` would be that of the process that started us."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


class AnswerServer(socketserver.ThreadingTCPServer):
    """Reads requests without keeping them and gives everyone the same answer."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, picture_bytes: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        picture = base64.b64encode(secrets.token_bytes(picture_bytes)).decode()
        body = json.dumps({"created": 1, "data": [{"b64_json": picture}]}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.answer = head.encode() + body

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def __enter__(self) -> AnswerServer:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        left = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            left = int(value) if name.lower() == b"content-length" else left
        while left:
            left -= len(self.rfile.read(min(left, MEGABYTE)))
        if isinstance(self.server, AnswerServer):
            self.wfile.write(self.server.answer)


if __name__ == "__main__":
    main()
