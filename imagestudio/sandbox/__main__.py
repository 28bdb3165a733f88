"""Runs the sandbox: `python -m imagestudio.sandbox --port 8090 --ledger ledger.jsonl`."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from types import FrameType

from imagestudio.sandbox.server import SandboxServer


def main() -> None:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    server = SandboxServer(
        arguments.host,
        arguments.port,
        arguments.ledger,
        arguments.latency_s,
        answers=arguments.answers,
        has_variations=arguments.with_variations,
    )
    print(f"The sandbox answers at {server.base_url}", flush=True)
    server.serve_forever()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imagestudio.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--ledger", type=Path, help="a file that gets a line for each call")
    parser.add_argument("--latency-s", type=float, default=2.5, help="seconds, more or less")
    parser.add_argument("--answers", choices=("b64_json", "url"), default="b64_json")
    parser.add_argument(
        "--with-variations",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="the official service has retired that endpoint",
    )
    return parser


def _stop(number: int, frame: FrameType | None) -> None:
    """Leave at once: whatever is being drawn or waited for is thrown away."""
    os._exit(0)


if __name__ == "__main__":
    main()
