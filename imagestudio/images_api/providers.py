"""Provider: where the Images API lives, how one is let in, and what this server of it can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import date
from string import Formatter
from urllib.parse import quote, unquote, urlsplit

from imagestudio.images_api.params import PARAMS
from imagestudio.images_api.redaction import remember
from imagestudio.images_api.rules import Problem, is_chosen
from imagestudio.images_api.types import ImageRequest

# Everything that a request may carry besides its model, its prompt and its pictures.
PARAM_NAMES = frozenset({*PARAMS, "mask", "markup"})

CHOICES: dict[str, tuple[str | None, ...]] = {
    "auth": ("bearer", "api-key"),
    "response_format": (None, "b64_json", "url"),
    "answers": ("b64_json", "url"),
    "image_field": ("auto", "image", "image[]"),
    "edit_form": ("multipart", "json"),
    "mask_field": ("mask", "mask_image"),
    "mask_polarity": ("alpha", "white"),
    "retirements": ("openai", "azure", "none"),
}
LIMITS = (
    "requests_per_minute",
    "images_per_minute",
    "max_concurrency",
    "max_spend_microusd_per_hour",
)
OFFICIAL_HOST = "api.openai.com"
_ROUTE_PARTS = {"base_url", "path", "model", "api_version"}
_STREAMING = {"partial_images", "stream"}
_STILLS = {"png", "webp", "jpeg"}


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that speaks the Images API; its repr never shows the key.

    The defaults are those of the official service; `presets` has the others by name.
    """

    name: str
    base_url: str
    api_key: str = field(repr=False)
    organization: str | None = None
    project: str | None = None
    _: KW_ONLY
    auth: str = "bearer"
    route: str = "{base_url}/{path}"
    api_version: str | None = None
    sends_model: bool = True
    model_names: tuple[tuple[str, str], ...] = ()  # Our name of a model, and its name there.
    models: tuple[str, ...] = ()  # What it serves besides what we know of it.
    only_models: tuple[str, ...] = ()  # What may be asked for here, and nothing else.
    has_own_models: bool = False  # Instead of the official ones.
    lists_only_images: bool = False  # Else an unknown name on its list must look like it.
    retirements: str = "openai"  # Whose table of last days holds here.
    shutdown_dates: tuple[tuple[str, date | None], ...] = ()  # Known better; None for no end.
    params: frozenset[str] = PARAM_NAMES  # What it understands; anything else is never sent.
    edit_params: frozenset[str] = frozenset()  # What its edits understand besides.
    response_format: str | None = None  # What is asked for; None leaves it out.
    answers: str = "b64_json"  # With "url", pictures are fetched from `url_hosts`.
    url_hosts: tuple[str, ...] = ()
    image_field: str = "auto"  # "image" for one picture and "image[]" for several.
    edit_form: str = "multipart"
    mask_field: str = "mask"
    mask_polarity: str = "alpha"  # With "white", the caller hands over a mask that is so painted.
    can_stream: bool = True
    # Some cut what stays silent for two minutes, and a large picture takes longer than that.
    streams_stills: bool = False
    can_edit: bool = True
    can_list_models: bool = True
    has_variations: bool = False
    allows_preview_formats: bool = False
    reads_references: bool = False  # Addresses of pictures and ids of its files, as the official.
    # Nothing stands in between, so what it says of its own failures may be believed.
    is_direct: bool = True
    # The way there: authorities trusted besides the usual ones, and a proxy.
    ca_file: str | None = None
    proxy: str | None = field(default=None, repr=False)
    # What may be asked of it, by all workers together; None is no limit of ours.
    requests_per_minute: int | None = None
    images_per_minute: int | None = None
    max_concurrency: int | None = None
    max_spend_microusd_per_hour: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would fail later in a message that shows the key, or send it elsewhere."""
        remember((self.api_key, unquote(urlsplit(self.proxy or "").password or "")))
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"Provider {self.name}: its address must be an http or https URL.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(f"Provider {self.name}: its address may hold no user, ? or # part.")
        if not self.api_key.isascii() or not self.api_key.isprintable() or " " in self.api_key:
            raise ValueError(f"Provider {self.name}: its key holds spaces or line breaks.")
        for message in self._faults():
            raise ValueError(f"Provider {self.name}: {message}")

    def url(self, path: str, model: str = "") -> str:
        """Give the address of an endpoint, "images/edits" for example."""
        return self.route.format(
            base_url=self.base_url.rstrip("/"),
            path=path,
            model=quote(self.model_name(model), safe=""),
            api_version=quote(self.api_version or "", safe=""),
        )

    @property
    def takes_references(self) -> bool:
        return self.reads_references or is_official(self.base_url)

    def model_name(self, model: str) -> str:
        return dict(self.model_names).get(model, model)

    def knows(self, param: str, operation: str) -> bool:
        return param in self.params or (operation != "generate" and param in self.edit_params)

    def as_sent(self, request: ImageRequest) -> ImageRequest:
        """The request as it goes out; a picture that is to be streamed brings one preview along."""
        is_native_variation = request.operation == "vary" and self.has_variations
        is_still = request.n == 1 and request.output_format in _STILLS
        if not self.streams_stills or is_native_variation or not is_still:
            return request
        return replace(request, stream=True, partial_images=max(1, request.partial_images))

    def headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        if self.api_key and self.auth == "api-key":
            headers["api-key"] = self.api_key
        elif self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        if self.organization:
            headers["OpenAI-Organization"] = self.organization
        if self.project:
            headers["OpenAI-Project"] = self.project
        return headers

    def problems(self, request: ImageRequest) -> Iterator[Problem]:
        """Say what this server cannot do, whatever the model can."""
        if request.operation == "edit" and not self.can_edit:
            yield Problem("operation", f"{self.name} cannot edit pictures.")
        if request.operation == "vary" and not (self.can_edit or self.has_variations):
            yield Problem("operation", f"{self.name} cannot vary pictures.")
        if request.references and not self.takes_references:
            yield Problem("inputs", f"{self.name} reads no addresses. Send the pictures along.")
        if request.is_streamed and not self.can_stream:
            param = "partial_images" if request.partial_images else "stream"
            yield Problem(param, f"{self.name} sends no previews.")
        for param in sorted(PARAM_NAMES - {"safety_identifier"}):
            if self.knows(param, request.operation):
                continue
            if is_chosen(request, param) and not (param in _STREAMING and not self.can_stream):
                yield Problem(param, f"{self.name} does not know this setting. Leave it out.")

    def _faults(self) -> Iterator[str]:
        for name in LIMITS:
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                yield f"{name} must be 1 or more; leave it out for no limit."
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                known = ", ".join(choice for choice in choices if choice)
                yield f"{name} must be one of {known}."
        if self.proxy and not _is_proxy(self.proxy):
            yield "proxy must be an address like http://user:password@proxy.example.org:3128."
        for name in ("params", "edit_params"):
            if unknown := getattr(self, name) - PARAM_NAMES:
                yield f"{name} has the unknown {', '.join(sorted(unknown))}."
        if self.streams_stills and not self.can_stream:
            yield "streams_stills needs can_stream."
        try:
            parts = {part for _, part, _, _ in Formatter().parse(self.route) if part is not None}
        except ValueError:
            parts = set()
        if not {"base_url", "path"} <= parts <= _ROUTE_PARTS:
            yield "route must hold {base_url} and {path}, and may hold {model} and {api_version}."
        if "api_version" in parts and not self.api_version:
            yield "api_version is needed for its route."
        if not self.route.startswith("{base_url}"):
            yield "route must begin with {base_url}."


def is_official(base_url: str) -> bool:
    """Whether OpenAI itself answers there, at one of its regional hosts perhaps."""
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    return host == OFFICIAL_HOST or host.endswith(f".{OFFICIAL_HOST}")


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    return parts.scheme == "http" and bool(parts.hostname) and bool(port) and is_bare
