"""SVG is a program for a browser: only drawings that can do nothing but draw are let through."""

import html
import math
import re
from xml.parsers import expat

from imagestudio.decoding import svg_rules as rules
from imagestudio.decoding.credentials import SVG_MANIFEST
from imagestudio.decoding.facts import Facts, NotAPicture, UnsafePicture
from imagestudio.decoding.limits import MEGA
from imagestudio.decoding.svg_cost import MAX_COST, Costs, Element

MAX_BYTES = 5 * MEGA
MAX_ELEMENTS = 100_000
MAX_DEPTH = 100
# What browsers take when a drawing doesn't say.
DEFAULT_SIZE = (300.0, 150.0)
_LENGTH = re.compile(r"\s*(\d*\.?\d+(?:[eE][-+]?\d+)?)\s*(px|pt|pc|mm|cm|in)?\s*")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}


def inspect(data: bytes) -> Facts:
    """Facts of a drawing; UnsafePicture when there is anything in it that could act."""
    drawing = _read(data)
    drawing.check_cost()
    if drawing.unsafe:
        found = ", ".join(list(dict.fromkeys(drawing.unsafe))[:3])
        raise UnsafePicture(f"it is an SVG that holds more than a drawing: {found}")
    return drawing.facts(has_credentials=SVG_MANIFEST in data)


def sanitise(data: bytes) -> tuple[Facts, bytes]:
    """The drawing without all that could act; NotAPicture when there is none to save."""
    drawing = _read(data)
    drawing.check_cost()
    return drawing.facts(), drawing.text().encode()


def _read(data: bytes) -> "_Drawing":
    if len(data) > MAX_BYTES:
        raise NotAPicture(f"it is an SVG of more than {MAX_BYTES // MEGA} MB, the limit")
    drawing = _Drawing()
    try:
        # In other encodings a browser might read something else than we do.
        data.decode("utf-8")
        drawing.parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise NotAPicture(f"it is not a whole SVG file ({error})") from error
    return drawing


class _Drawing:
    """Takes the parser's events, notes what is unsafe and writes down what is safe."""

    def __init__(self) -> None:
        self.unsafe: list[str] = []
        self._root: dict[str, str] | None = None
        self._written: list[str] = []
        self._open: list[str] = []
        self._left_out = 0  # How deep we are in something that is not written.
        self._count = 0
        self._css: list[str] = []
        self._sheets: list[str] = []
        self._tree: list[Element] = [Element("", {})]
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._entity
        self.parser.ProcessingInstructionHandler = self._instruction

    def facts(self, *, has_credentials: bool = False) -> Facts:
        width, height = _size(self._root or {})
        return Facts("svg", width, height, has_alpha=True, has_credentials=has_credentials)

    def check_cost(self) -> None:
        """NotAPicture when a page that shows it would hang."""
        if Costs(self._tree[0], "".join(self._sheets)).total() > MAX_COST:
            raise NotAPicture(
                "it is an SVG that takes too long to draw: it draws too much, again and again"
            )

    def text(self) -> str:
        return "".join(self._written)

    def _start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _, name = full_name.rpartition(" ")
        self._count_one(name)
        self._open.append(name)
        self._plant(name, attributes)
        if not self._is_drawing(namespace, name):
            self._left_out += 1
            return
        kept = {
            key: value
            for full_key, value in attributes.items()
            if (key := self._kept(name, full_key, value))
        }
        if self._root is None:
            self._root = kept
            kept = {"xmlns": rules.SVG, **kept}
        if not self._left_out:
            words = "".join(f' {key}="{html.escape(value)}"' for key, value in kept.items())
            self._written.append(f"<{name}{words}>")
        elif self._left_out:
            self._left_out += 1

    def _end(self, full_name: str) -> None:
        name = self._open.pop()
        self._tree.pop()
        if name == "style":
            self._end_style()
        if self._left_out:
            self._left_out -= 1
        else:
            self._written.append(f"</{name}>")

    def _characters(self, text: str) -> None:
        if self._open and self._open[-1] == "style":
            self._css.append(text)
        elif not self._left_out:
            self._tree[-1].letters += len(text.strip())
            self._written.append(html.escape(text, quote=False))

    def _plant(self, name: str, attributes: dict[str, str]) -> None:
        short = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        element = Element(name, short)
        self._tree[-1].children.append(element)
        self._tree.append(element)

    def _end_style(self) -> None:
        css = "".join(self._css)
        self._css.clear()
        self._sheets.append(css)
        if not rules.is_safe_value(css):
            self.unsafe.append("a style sheet that reaches out")
        elif not self._left_out:
            self._written.append(html.escape(css, quote=False))

    def _count_one(self, name: str) -> None:
        self._count += 1
        if self._count == 1 and name != "svg":
            raise NotAPicture("it is XML, but no SVG")
        if self._count > MAX_ELEMENTS:
            raise NotAPicture(f"it is an SVG of more than {MAX_ELEMENTS} elements, the limit")
        if len(self._open) >= MAX_DEPTH:
            raise NotAPicture(f"it is an SVG nested deeper than {MAX_DEPTH} elements, the limit")

    def _is_drawing(self, namespace: str, name: str) -> bool:
        if namespace in rules.INERT_NAMESPACES:
            return False
        if namespace in ("", rules.SVG) and name in rules.ELEMENTS:
            return True
        self.unsafe.append(f"<{name}>")
        return False

    def _kept(self, element: str, full_key: str, value: str) -> str | None:
        """The attribute's name in the copy, or None when it stays out."""
        namespace, _, key = full_key.rpartition(" ")
        if namespace in rules.INERT_NAMESPACES:
            return None
        if key == "href" and namespace in ("", rules.XLINK):
            return self._if_safe(rules.is_safe_reference(element, value), element, key)
        if namespace == rules.XML and key in ("space", "lang"):
            return f"xml:{key}"
        if namespace == "" and rules.is_word(key):
            return key
        is_known = namespace == "" and key in rules.ATTRIBUTES
        if key == "attributeName":
            is_known = value in rules.ATTRIBUTES
        return self._if_safe(is_known and rules.is_safe_value(value), element, key)

    def _if_safe(self, is_safe: bool, element: str, key: str) -> str | None:
        if is_safe:
            return key
        self.unsafe.append(f"{key} of <{element}>")
        return None

    def _doctype(self, name: str, system: str | None, public: str | None, has_subset: int) -> None:
        if has_subset:
            raise NotAPicture("it is an SVG that declares a document type of its own")
        self.unsafe.append("a document type")

    def _entity(self, *_: object) -> None:
        raise NotAPicture("it is an SVG that uses entities")

    def _instruction(self, target: str, data: str) -> None:
        self.unsafe.append(f"<?{target}?>")


def _size(attributes: dict[str, str]) -> tuple[int, int]:
    """As a browser would show it: own size, else the view box, else what is usual."""
    box = re.split(r"[\s,]+", attributes.get("viewBox", "").strip())
    fallback = DEFAULT_SIZE
    if len(box) == 4:
        fallback = (_pixels(box[2]) or DEFAULT_SIZE[0], _pixels(box[3]) or DEFAULT_SIZE[1])
    width, height = (_pixels(attributes.get(side, "")) for side in ("width", "height"))
    ratio = fallback[0] / fallback[1]
    if width and not height:
        height = width / ratio
    elif height and not width:
        width = height * ratio
    return _whole(width or fallback[0]), _whole(height or fallback[1])


def _pixels(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    if found is None:
        return None
    value = float(found[1]) * _PIXELS[found[2] or "px"]
    return value if math.isfinite(value) and value > 0 else None


def _whole(value: float) -> int:
    return max(1, round(min(value, 1e9)))
