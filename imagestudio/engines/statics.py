"""Whether the collected static files are those of this checkout: making them takes seconds."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imagestudio.engines.data import PROJECT

# What `collectstatic` depends on: our files, its settings, and the packages that bring theirs.
SOURCES = ("static", "imagestudio/web", "imagestudio/settings.py", "requirements.txt")


@dataclass(frozen=True, slots=True)
class StaticFiles:
    folder: Path
    project: Path = PROJECT

    @property
    def stamp(self) -> Path:
        """Lies inside, so that it goes when the files go."""
        return self.folder / ".made-from"

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for path in self._sources():
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def are_made_from(self, fingerprint: str) -> bool:
        return self.stamp.exists() and self.stamp.read_text() == fingerprint

    def mark(self, fingerprint: str) -> None:
        """Call when they are whole. The fingerprint is that of before they were made."""
        self.folder.mkdir(exist_ok=True)
        self.stamp.write_text(fingerprint)

    def _sources(self) -> Iterator[Path]:
        for source in SOURCES:
            path = self.project / source
            found = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (file for file in found if file.is_file() and file.suffix != ".pyc")
