"""The mask and markup editor as a person uses it: by mouse and keys, in pixels of the picture."""

import base64
import io
from dataclasses import dataclass
from typing import Any

from PIL import Image as Pillow
from playwright.sync_api import Locator, Page, expect

WIDTH, HEIGHT = 400, 300
SEND = """async ([name, type, base64, fields]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const body = new FormData();
    for (const [key, value] of Object.entries(fields)) body.set(key, value);
    body.set("file", new File([bytes], name, { type }));
    const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
    const response = await fetch("/uploads/", { method: "POST", body, headers });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return { ...page.querySelector("[data-upload]").dataset };
}"""
OPEN = """(detail) => {
    window.ready = new Promise((resolve) => document.addEventListener(
        "studio:layer-ready", (event) => resolve(event.detail), { once: true }));
    document.dispatchEvent(new CustomEvent("studio:edit-layer", { detail }));
}"""
LAYER = """async () => {
    const page = new DOMParser().parseFromString((await window.ready).html, "text/html");
    return { ...page.querySelector("[data-upload]").dataset };
}"""


NEXT_FRAME = """
    () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))
"""


@dataclass
class Editor:
    """The open editor, spoken to in pixels of the picture."""

    page: Page
    upload: dict[str, str]

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def stage(self) -> Locator:
        return self.dialog.get_by_role("application", name="Picture")

    @property
    def voice(self) -> Locator:
        """What is said to those who listen."""
        return self.dialog.get_by_role("status")

    def open(self, role: str, **changes: Any) -> "Editor":
        detail = {
            "role": role,
            "upload": self.upload["upload"],
            "url": self.upload["url"],
            "width": int(self.upload["width"]),
            "height": int(self.upload["height"]),
            "layerUrl": "",
        }
        self.page.evaluate(OPEN, detail | changes)
        return self

    def is_ready(self) -> "Editor":
        expect(self.dialog).to_have_attribute("data-state", "ready")
        return self

    def on_screen(self, x: float, y: float) -> tuple[float, float]:
        # Zoom, pan and resize show with the next frame.
        self.page.evaluate(NEXT_FRAME)
        box = self.stage.locator("img").bounding_box()
        assert box
        return box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT

    def drag(self, *points: tuple[float, float]) -> None:
        for index, point in enumerate(points):
            self.page.mouse.move(*self.on_screen(*point), steps=1 if index == 0 else 8)
            if index == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        self.dialog.get_by_role("radio", name=name, exact=True).check()

    def press(self, name: str) -> None:
        self.dialog.get_by_role("button", name=name, exact=True).click()

    def rectangle(self, x: int, y: int, width: int, height: int, verb: str = "Add") -> None:
        if not self.dialog.get_by_role("textbox", name="Left").is_visible():
            self.dialog.get_by_text("By numbers and keys").click()
        for label, value in (("Left", x), ("Top", y), ("Width", width), ("Height", height)):
            self.dialog.get_by_role("textbox", name=label).fill(str(value))
        self.press(verb)

    def says(self, text: str) -> None:
        expect(self.dialog.get_by_role("alert").filter(has_text=text)).to_be_visible()

    def use(self) -> Pillow.Image:
        """Press the button that ends it; the layer as the studio serves it from then on."""
        self.dialog.get_by_role("button", name="Use m").click()
        expect(self.dialog).to_be_hidden()
        self.upload = self.page.evaluate(LAYER)
        response = self.page.request.get(self.upload["url"])
        assert response.ok
        return Pillow.open(io.BytesIO(response.body())).convert("RGBA")


def visit(page: Page) -> Editor:
    page.goto("/")
    picture = io.BytesIO()
    Pillow.radial_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB").save(picture, "PNG")
    return Editor(page, send(page, picture.getvalue()))


def send(page: Page, picture: bytes, **fields: str) -> dict[str, str]:
    content = base64.b64encode(picture).decode()
    sent: dict[str, str] = page.evaluate(SEND, ["hen.png", "image/png", content, fields])
    return sent


def changes(mask: Pillow.Image) -> tuple[int, int, int, int] | None:
    """The box of all that is fully see-through, and so may be edited."""
    return mask.getchannel("A").point(lambda alpha: 255 if alpha == 0 else 0).getbbox()


def alpha_at(layer: Pillow.Image, x: int, y: int) -> int:
    pixel = layer.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[3])


def near(found: tuple[int, int, int, int] | None, wanted: tuple[int, int, int, int]) -> bool:
    """A pointer stands on whole pixels of the screen, not of the picture."""
    assert found
    return all(abs(one - other) <= 2 for one, other in zip(found, wanted, strict=True))
