"""Pictures for the composer, and the ways in which a browser takes them."""

import colorsys
import io
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, Response

# A DataTransfer can only be made inside the page.
DROP = """
    (target, {kind, files, text}) => {
        const data = new DataTransfer();
        for (const [name, bytes] of files)
            data.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
        if (text) data.setData("text/uri-list", text);
        const event = kind === "paste"
            ? new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
            : new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true});
        return target.dispatchEvent(event);
    }
"""


def begin_afresh(page: Page) -> None:
    """Open the studio with an empty draft: it is the server's, so others have left theirs in it."""
    page.goto("/")
    token = page.locator("#composer [name=csrfmiddlewaretoken]").input_value()
    address = page.url + "composer/"
    nothing: dict[str, str | float | bool] = {"csrfmiddlewaretoken": token, "aside": "drop"}
    page.request.post(address, form=nothing, headers={"Referer": address})
    page.goto("/")


def fox(number: int, width: int = 96, height: int = 64) -> FilePayload:
    """A small picture that no other number gives."""
    colour = tuple(int(part * 255) for part in colorsys.hsv_to_rgb(number / 20, 0.5, 0.9))
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return {"name": f"fox-{number}.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def add(page: Page, *files: FilePayload) -> None:
    page.locator("#files").set_input_files(list(files))


def hand_over(target: Locator, kind: str, *files: FilePayload, text: str = "") -> bool:
    """Paste or drop; False when the page took it for itself."""
    bytes_of = [[file["name"], list(file["buffer"])] for file in files]
    taken: bool = target.evaluate(DROP, {"kind": kind, "files": bytes_of, "text": text})
    return taken


def kept_with(*texts: str) -> Callable[[Response], bool]:
    """The answer to a change that sent all of these, in this order."""

    def fits(response: Response) -> bool:
        sent = response.request.post_data or ""
        places = [sent.find(text) for text in texts]
        return response.url.endswith("/composer/") and -1 not in places and places == sorted(places)

    return fits


def tiles(page: Page) -> Locator:
    return page.locator("#references [data-upload]")


def names(page: Page) -> list[str]:
    return [tile.get_attribute("data-name") or "" for tile in tiles(page).all()]
