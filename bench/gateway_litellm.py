"""A LiteLLM proxy to measure against, in an environment that is made for it once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

HOME = Path(__file__).resolve().parents[1] / "var" / "bench-litellm"
INSTALL_S = 900
START_S = 120
SECRET = "sk-bench-litellm"  # noqa: S105 - of a proxy that lives for a minute


@dataclass(frozen=True)
class Proxy:
    url: str
    secret: str
    pid: int


@contextmanager
def litellm(upstream_url: str, model: str) -> Iterator[Proxy | None]:
    """A proxy with one worker and no database before the upstream; None where there is none."""
    program = _installed()
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(json.dumps(_config(upstream_url, model)))
        port = _free_port()
        with (Path(folder) / "log").open("wb") as log:
            process = _start(program, config, port, log.fileno())
        try:
            url = f"http://127.0.0.1:{port}"
            if _answers(process, f"{url}/health/liveliness"):
                yield Proxy(f"{url}/v1", SECRET, process.pid)
            else:
                print("LiteLLM did not start:", (Path(folder) / "log").read_text()[-500:])
                yield None
        finally:
            process.terminate()
            process.wait(30)


def _installed() -> Path | None:
    program = HOME / "bin" / "litellm"
    if program.exists():
        return program
    print("Installing LiteLLM into", HOME)
    try:
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True, timeout=INSTALL_S)  # noqa: S603
        command = [
            str(HOME / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "litellm[proxy]",
        ]
        subprocess.run(command, check=True, timeout=INSTALL_S)  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        print("LiteLLM could not be installed, so it is not measured:", error)
        return None
    return program


def _config(upstream_url: str, model: str) -> dict[str, object]:
    parameters = {"model": f"openai/{model}", "api_base": upstream_url, "api_key": "sk-bench"}
    entry = {
        "model_name": model,
        "litellm_params": parameters,
        "model_info": {"mode": "image_generation"},
    }
    return {
        "model_list": [entry],
        "general_settings": {"master_key": SECRET},
        "litellm_settings": {"drop_params": True, "telemetry": False, "request_timeout": 600},
    }


def _start(program: Path, config: Path, port: int, log: int) -> subprocess.Popen[bytes]:
    # Its own environment: nothing of the studio's, and no look for prices on the internet.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**kept, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    command = [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--num_workers", "1"]
    return subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=5).ok:
                return True
        except requests.RequestException:
            pass
        time.sleep(0.5)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
