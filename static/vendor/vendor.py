"""Fetch, check and lay out the front end's third-party files; there is no other build step.

    python3 static/vendor/vendor.py         fetch every package of vendor.json, write its files
    python3 static/vendor/vendor.py check   offline: compare the files with the recorded hashes

A package's tarball is refused when its sha512 differs from the one written here, so a re-run
always produces the same bytes. To update one, change its version, run, and accept the new hash.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parent
STATIC = VENDOR.parent
MANIFEST = VENDOR / "vendor.json"
LOCK = VENDOR / "vendor.lock"
SOURCE_MAP = re.compile(rb"\n?//[#@] sourceMappingURL=[^\n]*\s*$")
SHAPES = re.compile(r"<svg.*?>(.*)</svg>", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("action", nargs="?", choices=["fetch", "check"], default="fetch")
    if parser.parse_args().action == "check":
        return check()
    packages = json.loads(MANIFEST.read_text())["packages"]
    written = [path for package in packages for path in install(package)]
    LOCK.write_text("".join(f"{sha256(path)}  {name(path)}\n" for path in sorted(written)))
    (VENDOR / "THIRD_PARTY.md").write_text(credits_page(packages))
    return 0


def check() -> int:
    """Return 1 when a vendored file was edited by hand or is missing."""
    wrong = []
    for line in LOCK.read_text().splitlines():
        expected, path = line.split("  ", 1)
        if not (STATIC / path).is_file() or sha256(STATIC / path) != expected:
            wrong.append(path)
    if wrong:
        print("Differs from vendor.lock: " + ", ".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


def install(package: dict[str, Any]) -> list[Path]:
    """Write the wanted files of one npm package below static/ and return their paths."""
    with tempfile.TemporaryDirectory() as folder:
        tarball = fetch(package, Path(folder))
        with tarfile.open(tarball) as archive:
            archive.extractall(folder, filter="data")
        root = Path(folder) / "package"
        written = [copy(root / src, STATIC / dst) for src, dst in package["files"].items()]
        if "icons" in package:
            written.append(write_sprite(root / "icons", package))
    return written


def fetch(package: dict[str, Any], folder: Path) -> Path:
    exact = f"{package['name']}@{package['version']}"
    command = ["npm", "pack", "--ignore-scripts", "--silent", exact]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    tarball = next(folder.glob("*.tgz"))
    found = hashlib.sha512(tarball.read_bytes()).hexdigest()
    if found != package["sha512"]:
        raise SystemExit(f"{exact}: sha512 is {found}, vendor.json says {package['sha512']}")
    return tarball


def copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    # A source-map comment that points nowhere stops collectstatic.
    target.write_bytes(SOURCE_MAP.sub(b"\n", source.read_bytes()))
    return target


def write_sprite(icons: Path, package: dict[str, Any]) -> Path:
    symbols = [symbol(icons, icon) for icon in sorted(package["icons"])]
    symbols.append((VENDOR / "brand.svg").read_text().strip())
    sprite = STATIC / "icons.svg"
    note = f"<!-- Icons: {package['name']} {package['version']}, ISC licence. -->"
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    sprite.write_text("\n".join([head, note, *symbols, "</svg>"]) + "\n")
    return sprite


def symbol(icons: Path, icon: str) -> str:
    found = SHAPES.search((icons / f"{icon}.svg").read_text())
    if not found:
        raise SystemExit(f"{icon}.svg holds no drawing")
    shapes = re.sub(r"\s+", " ", found[1]).strip()
    return f'<symbol id="{icon}" viewBox="0 0 24 24">{shapes}</symbol>'


def credits_page(packages: list[dict[str, Any]]) -> str:
    lines = [
        "# Third-party files in `static/`",
        "",
        "Written by `vendor.py` from `vendor.json`.",
        "",
    ]
    lines += ["| Package | Version | Licence | Licence text |", "|---|---|---|---|"]
    for package in packages:
        text = package["licence_file"]
        lines.append(
            f"| {package['name']} | {package['version']} | {package['licence']} | `{text}` |"
        )
    return "\n".join(lines) + "\n"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def name(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


if __name__ == "__main__":
    raise SystemExit(main())
