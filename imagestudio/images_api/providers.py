"""Where the Images API lives and how to be let in."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that speaks the Images API; its repr never shows the key."""

    name: str
    base_url: str
    api_key: str = field(repr=False)
    organization: str | None = None
    project: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail later in a message that shows the key, or send it elsewhere."""
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"Provider {self.name}: its address must be an http or https URL.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(f"Provider {self.name}: its address may hold no user, ? or # part.")
        if not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            raise ValueError(f"Provider {self.name}: its key holds spaces or line breaks.")

    def url(self, path: str) -> str:
        return f"{self.base_url.rstrip('/')}/{path}"

    def headers(self) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        if self.organization:
            headers["OpenAI-Organization"] = self.organization
        if self.project:
            headers["OpenAI-Project"] = self.project
        return headers
