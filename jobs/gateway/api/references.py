"""The pictures of an edit: files of a form, data URLs, or what lies in the studio already.

An address elsewhere is never fetched here. Services that read addresses themselves are told it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit
from uuid import UUID

import pybase64
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from imagestudio.accounts.models import User
from imagestudio.images_api.providers import Provider
from imagestudio.images_api.types import Elsewhere
from imagestudio.images_api.uploads import MAX_DATA_URL_CHARS
from imagestudio.net.addresses import is_public
from jobs.gateway.api import links
from jobs.gateway.api.calls import ApiRequest
from jobs.gateway.api.errors import ApiError, invalid
from jobs.gateway.api.forms import RequestForm
from jobs.models import Image, Upload
from jobs.services import uploads
from jobs.services.submit import GivenPictures
from jobs.states import InputRole

MAX_REFERENCES = 16
MAX_URL_CHARS, MAX_FOREIGN_URL_CHARS = 2000, 8000
_LAYERS = (InputRole.MASK, InputRole.MARKUP)
# What kind of picture it claims to be is not asked: browsers write octet-stream for many.
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};\s*base64,", re.IGNORECASE)
# Base64 without its head; an address has its colon long before.
_BARE = re.compile(r"[A-Za-z0-9+/_\s-]{64}")
_PLAIN_ALPHABET = bytes.maketrans(b"-_", b"+/")
_FILE_ID = re.compile(r"file-[A-Za-z0-9_-]{4,100}")
# A name with a dot. One whose last part is a number is an address to whoever fetches it (127.1).
_NAME = re.compile(r"([a-z0-9_-]+\.)+(?!(0x[0-9a-f]*|[0-9]+)\Z)[a-z0-9_-]+")
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".home.arpa")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_KINDS = ("file_id", "image_url")
_BESIDE = ("type", "detail")  # As in chats, too; they say nothing that is not known.


def of_form(owner: User, form: RequestForm) -> GivenPictures:
    """Take the files of a form in, and what is laid over the first of them."""
    if not form.images:
        raise _missing("image")
    images = tuple(uploads.accept(owner, file) for file in form.images)
    layers = {
        role: uploads.accept_layer(owner, file, role, images[0])
        for role, file in form.layers.items()
    }
    return _inputs(images, layers)


def of_json(request: ApiRequest, values: dict[str, Any], service: Provider) -> GivenPictures:
    """Take `images`, `mask` and `markup` out of the document, and find what they refer to."""
    items = values.pop("images", None)
    if items is None:
        raise _missing("images")
    items = [items] if isinstance(items, dict | str) else items
    if not isinstance(items, list) or not 0 < len(items) <= MAX_REFERENCES:
        message = f"'images' is a list of 1 to {MAX_REFERENCES} references."
        raise invalid("images", message, "invalid_type")
    found = [_picture(request, item, number, service) for number, item in enumerate(items)]
    images = tuple(each for each in found if isinstance(each, Upload))
    layers = {
        role: _layer(request, item, role, found[0])
        for role in _LAYERS
        if (item := values.pop(role.value, None)) is not None
    }
    elsewhere = tuple(each for each in found if isinstance(each, Elsewhere))
    return replace(_inputs(images, layers), references=elsewhere)


def _inputs(images: tuple[Upload, ...], layers: Mapping[InputRole, Upload]) -> GivenPictures:
    return GivenPictures(images, layers.get(InputRole.MASK), layers.get(InputRole.MARKUP))


def _picture(
    request: ApiRequest, item: object, position: int, service: Provider
) -> Upload | Elsewhere:
    kind, text = _reference(item, "images")
    if service.takes_references and _is_elsewhere(request, kind, text):
        return Elsewhere(position=position, **{kind: text})
    found = _found(request, kind, text, "images")
    if isinstance(found, Upload):
        return found
    if isinstance(found, Image):
        return uploads.take_from_history(request.key.owner, found)
    with found:
        return uploads.accept(request.key.owner, found)


def _layer(request: ApiRequest, item: object, role: InputRole, over: Upload | Elsewhere) -> Upload:
    """A layer is looked at anew, wherever it comes from: it has to fit its picture."""
    if isinstance(over, Elsewhere):
        message = f"A {role} fits the first picture, so that has to be sent along with it."
        raise invalid(role.value, message)
    found = _found(request, *_reference(item, role.value), role.value)
    if not isinstance(found, UploadedFile):
        key = found.key if isinstance(found, Upload) else found.shown_key
        found = _uploaded(default_storage.open(key, "rb"))
    with found:
        return uploads.accept_layer(request.key.owner, found, role, over)


def _found(
    request: ApiRequest, kind: str, text: str, param: str
) -> UploadedFile[bytes] | Upload | Image:
    if kind == "file_id":
        return _of_studio(request, text, param)
    if _BARE.match(text):
        text = f"data:;base64,{text}"
    if text.lstrip()[:5].lower() == "data:":
        return _uploaded(File(BytesIO(_decoded(text, param))))
    return _of_our_address(request, text, param)


def _is_elsewhere(request: ApiRequest, kind: str, text: str) -> bool:
    """What the service itself reads: a file that it has, or a public address that is not ours."""
    if kind == "file_id":
        return _FILE_ID.fullmatch(text) is not None
    parts = _parts(text, MAX_FOREIGN_URL_CHARS)
    is_foreign = parts.scheme == "https" and not _is_ours(request, parts)
    return is_foreign and _is_no_neighbour(parts)


def _is_ours(request: ApiRequest, parts: SplitResult) -> bool:
    return f"{parts.scheme}://{parts.netloc}" == request.call.origin


def _is_no_neighbour(parts: SplitResult) -> bool:
    """Neither of ours nor of the service: whoever fetches it may stand in our network."""
    if "@" in parts.netloc:
        return False
    try:
        # As whoever fetches it reads it: a digit of full width is a digit, too.
        host = (parts.hostname or "").encode("idna").decode().rstrip(".")
    except UnicodeError:
        return False
    try:
        return is_public(host)
    except ValueError:
        return _NAME.fullmatch(host) is not None and not host.endswith(_INSIDE)


def _reference(item: object, param: str) -> tuple[str, str]:
    """What kind of reference it is, in each of the shapes that programs have for it."""
    if isinstance(item, str):
        return ("file_id" if _is_id(item) else "image_url"), item
    given = item if isinstance(item, dict) else {}
    named = [(kind, given[kind]) for kind in _KINDS if given.get(kind) is not None]
    if len(named) == 1 and not set(given) - {*_KINDS, *_BESIDE}:
        [(kind, text)] = named
        if isinstance(text, dict):  # As in chats: {"image_url": {"url": "..."}}.
            text = text.get("url")
        if isinstance(text, str):
            return kind, text
    message = (
        f"'{param}' needs exactly one of file_id and image_url, like"
        ' {"image_url": "data:image/png;base64,..."}.'
    )
    raise invalid(param, message, "invalid_type")


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _of_studio(request: ApiRequest, text: str, param: str) -> Upload | Image:
    """A picture of the history by its id, as far as the key's owner sees it."""
    owner = request.key.owner
    try:
        picture_id = UUID(text)
    except ValueError:
        raise _unknown(param) from None
    images = (
        Image.objects.visible_to(owner).filter(job__team=request.key.team).select_related("job")
    )
    if image := images.filter(pk=picture_id).first():
        return image
    if upload := Upload.objects.usable_by(owner).filter(pk=picture_id).first():
        return upload
    raise _unknown(param)


def _of_our_address(request: ApiRequest, url: str, param: str) -> Upload | Image:
    parts = _parts(url)
    token = links.token_of(parts.path) if _is_ours(request, parts) else ""
    image = links.picture_of(token) if token else None
    if image is None:
        message = (
            "The studio fetches nothing from elsewhere, and passes public https addresses on only"
            " to services that read them. Send the picture as a data URL, as a file, or by the id"
            " that it has here. Nothing was started."
        )
        raise invalid(param, message, "invalid_image_url")
    return _of_studio(request, str(image.pk), param)


def _parts(url: str, max_chars: int = MAX_URL_CHARS) -> SplitResult:
    try:
        return urlsplit(url if len(url) < max_chars and url.isprintable() else "")
    except ValueError:
        return urlsplit("")


def _decoded(url: str, param: str) -> bytes:
    """The bytes of a data URL, read as forgivingly as browsers do; they say what they are."""
    head = _DATA_URL.match(url, 0, 300) if len(url) <= MAX_DATA_URL_CHARS else None
    if head is None:
        raise invalid(param, "A data URL holds a picture in base64, up to 20 MB of text.")
    text = url[head.end() :]
    letters = unquote_to_bytes(text) if "%" in text else text.encode("ascii", "replace")
    # Without blanks and padding, in the plain alphabet; then with all the padding it can need.
    letters = b"".join(letters.split()).rstrip(b"=").translate(_PLAIN_ALPHABET)
    try:
        return pybase64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except ValueError:
        raise invalid(param, "The data URL is not base64.", "invalid_base64_image") from None


def _uploaded(file: File[bytes]) -> UploadedFile[bytes]:
    return UploadedFile(file, name="picture", size=file.size)


def _missing(param: str) -> ApiError:
    return invalid(param, f"Missing required parameter: '{param}'.", "missing_required_parameter")


def _unknown(param: str) -> ApiError:
    return invalid(param, "There is no such picture for this key.", "image_file_not_found")
