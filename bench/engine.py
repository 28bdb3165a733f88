"""What the engine costs beside the floor under it: `python3 -m bench.engine latency|...`

    latency     a job from acceptance to a stored picture, beside a bare `requests` call
    inflight    200, 500 and 1,000 calls at once in one worker, beside the answer's own time
    throughput  jobs a second when the service takes no time, beside bare calls; CPU and memory
    start       from acceptance to the call, beside a message with nothing to do
    poll        what a poll of the page costs, beside a request with nothing to do
    turns       whose turn it is with 100,000 jobs waiting, beside a queue of a hundred
    stop        SIGTERM with calls in flight: what is lost, and how long it takes

Each starts engines, worker and service of its own on loopback and prints a table. Trust the ratios
of one run; the milliseconds are those of the machine and of what else it does.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from importlib import import_module

from bench.rig import rig


def main() -> None:
    # Through every `finally`, since engines and workers must be cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", choices=WHAT)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    options = parser.parse_args()
    if len(options.what) > 1:
        for what in options.what:
            _in_its_own_process(what, *(["--quick"] if options.quick else []))
        return
    [what] = options.what
    print(f"\n## {what} (load of the machine before: {os.getloadavg()[0]:.1f})\n", flush=True)
    with rig() as found:
        getattr(import_module(WHAT[what]), what)(found, options.quick)


def _in_its_own_process(*arguments: str) -> None:
    """Django is set up for one database, and each measurement has its own."""
    subprocess.run([sys.executable, "-m", "bench.engine", *arguments], check=True)  # noqa: S603 Us.


# By name, because they use models, which are there when Django is set up and not before.
WHAT = {
    "latency": "bench.jobs",
    "inflight": "bench.load",
    "throughput": "bench.load",
    "start": "bench.jobs",
    "poll": "bench.web",
    "turns": "bench.turns",
    "stop": "bench.load",
}


if __name__ == "__main__":
    main()
