"""Processor time of a fork: little to open a picture, more to write a copy of it.

Opening may be a trap. What writing takes is known from the number of pixels, which has its limit.
"""

import resource
from typing import Any

_for_writing_s = 0


def start(bounds: dict[str, Any]) -> None:
    """Count from now; the kernel ends what overruns."""
    global _for_writing_s
    opening_s, _for_writing_s = bounds["cpu_s"], bounds["writing_cpu_s"]
    # Its signal tells who did it; a second later nobody is asked.
    hard = opening_s + _for_writing_s + 1
    resource.setrlimit(resource.RLIMIT_CPU, (opening_s, hard))


def opened() -> None:
    """All pixels are there: from here on no file can be to blame. Only counts in a fork."""
    if _for_writing_s:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (hard - 1, hard))
