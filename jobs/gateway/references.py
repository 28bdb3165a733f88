"""The pictures of an edit: files of a form, data URLs, or what lies in the studio already.

An address elsewhere is never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pybase64
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from imagestudio.accounts.models import User
from jobs.gateway import links
from jobs.gateway.calls import Ask
from jobs.gateway.faults import Fault, invalid
from jobs.gateway.forms import Form
from jobs.models import Image, Upload
from jobs.services import uploads
from jobs.services.submit import Inputs
from jobs.states import InputRole

MAX_DATA_URL_CHARS = 20 * 1024 * 1024
MAX_REFERENCES = 16
_LAYERS = (InputRole.MASK, InputRole.MARKUP)
_DATA_URL = re.compile(r"data:(image/[a-z0-9.+-]{1,40})?(;[a-z]+=[^;,]{0,60})*;base64,", re.I)


def of_form(owner: User, form: Form) -> Inputs:
    """Take the files of a form in, and what is laid over the first of them."""
    if not form.images:
        raise _missing("image")
    images = tuple(uploads.accept(owner, file) for file in form.images)
    layers = {
        role: uploads.accept_layer(owner, file, role, images[0])
        for role, file in form.layers.items()
    }
    return _inputs(images, layers)


def of_json(ask: Ask, values: dict[str, Any]) -> Inputs:
    """Take `images`, `mask` and `markup` out of the document, and find what they refer to."""
    references, owner = values.pop("images", None), ask.key.owner
    if references is None:
        raise _missing("images")
    if not isinstance(references, list) or not 0 < len(references) <= MAX_REFERENCES:
        message = f"'images' is a list of 1 to {MAX_REFERENCES} references."
        raise invalid("images", message, "invalid_type")
    images = tuple(_upload(ask, item) for item in references)
    layers = {}
    for role in _LAYERS:
        if (item := values.pop(role.value, None)) is not None:
            with _file(ask, item, role.value) as file:
                layers[role] = uploads.accept_layer(owner, file, role, images[0])
    return _inputs(images, layers)


def _inputs(images: tuple[Upload, ...], layers: Mapping[InputRole, Upload]) -> Inputs:
    return Inputs(images, layers.get(InputRole.MASK), layers.get(InputRole.MARKUP))


def _upload(ask: Ask, item: object) -> Upload:
    found = _found(ask, item, "images")
    if isinstance(found, Upload):
        return found
    if isinstance(found, Image):
        return uploads.take_from_history(ask.key.owner, found)
    with found:
        return uploads.accept(ask.key.owner, found)


def _file(ask: Ask, item: object, param: str) -> UploadedFile[bytes]:
    """A layer is looked at anew, wherever it comes from: it has to fit its picture."""
    found = _found(ask, item, param)
    if isinstance(found, UploadedFile):
        return found
    key = found.key if isinstance(found, Upload) else found.shown_key
    return _uploaded(default_storage.open(key, "rb"))


def _found(ask: Ask, item: object, param: str) -> UploadedFile[bytes] | Upload | Image:
    kind, text = _reference(item, param)
    if kind == "file_id":
        return _of_studio(ask, text, param)
    if text[:5].lower() == "data:":
        return _uploaded(File(BytesIO(_decoded(text, param))))
    return _of_our_address(ask, text, param)


def _reference(item: object, param: str) -> tuple[str, str]:
    if isinstance(item, dict) and len(item) == 1:
        [(kind, text)] = item.items()
        if kind in ("file_id", "image_url") and isinstance(text, str):
            return kind, text
    raise invalid(param, f"'{param}' needs exactly one of file_id and image_url.", "invalid_type")


def _of_studio(ask: Ask, text: str, param: str) -> Upload | Image:
    """A picture of the history by its id, as far as the key's owner sees it."""
    owner = ask.key.owner
    try:
        picture_id = UUID(text)
    except ValueError:
        raise _unknown(param) from None
    images = Image.objects.visible_to(owner).filter(job__team=ask.key.team).select_related("job")
    if image := images.filter(pk=picture_id).first():
        return image
    if upload := Upload.objects.usable_by(owner).filter(pk=picture_id).first():
        return upload
    raise _unknown(param)


def _of_our_address(ask: Ask, url: str, param: str) -> Upload | Image:
    parts = urlsplit(url) if len(url) < 2000 else urlsplit("")
    token = links.token_of(parts.path) if f"{parts.scheme}://{parts.netloc}" == _origin(ask) else ""
    image_id = links.image_of(token) if token else None
    if image_id is None:
        message = (
            "The studio fetches nothing from elsewhere. Send the picture as a data URL, as a file,"
            " or by the id that it has here."
        )
        raise invalid(param, message, "invalid_image_url")
    return _of_studio(ask, str(image_id), param)


def _origin(ask: Ask) -> str:
    return ask.call.origin


def _decoded(url: str, param: str) -> bytes:
    head = _DATA_URL.match(url, 0, 300)
    if head is None or len(url) > MAX_DATA_URL_CHARS:
        raise invalid(param, "A data URL holds a picture in base64, up to 20 MB of text.")
    try:
        return pybase64.b64decode(url[head.end() :], validate=True)
    except ValueError:
        raise invalid(param, "The data URL is not base64.", "invalid_base64_image") from None


def _uploaded(file: File[bytes]) -> UploadedFile[bytes]:
    return UploadedFile(file, name="picture", size=file.size)


def _missing(param: str) -> Fault:
    return invalid(param, f"Missing required parameter: '{param}'.", "missing_required_parameter")


def _unknown(param: str) -> Fault:
    return invalid(param, "There is no such picture for this key.", "image_file_not_found")
