"""How much a browser has to draw for a drawing, which may be far more than is written in it.

Elements are drawn again wherever something refers to them, and what they refer to is drawn with
them: a few lines make thousands of millions. The estimate errs towards too much.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

# In simple shapes. A page of a wall draws thirty such pictures at once.
MAX_COST = 10_000
# Of itself, compared with a simple shape.
_LAYER = 40
_COPY = 2  # A browser makes each anew, its styles included.
_FILTER_STEP = 400
_BYTES_OF_PATH = 64
_DASHES = 20
# Frame after frame, as long as it is seen.
_ANIMATED = 10
_ANIMATIONS = ("animate", "animateTransform", "animateMotion", "set")
_INHERITED = ("fill", "stroke", "marker", "marker-start", "marker-mid", "marker-end")
_NEEDS_LAYER = ("opacity", "mask", "filter", "clip-path", "mix-blend-mode", "isolation")
_GEOMETRY = ("d", "points", "x", "y", "x1", "y1", "x2", "y2", "width", "height", "r", "rx", "ry")
_FOR_ALL = ("svg", "g", "use", "symbol", "a", "switch", "text", *_ANIMATIONS)
_WORK = ("numOctaves", "radius", "order")
_URL = re.compile(r"""url\(\s*["']?#([\w.:-]+)["']?\s*\)""", re.IGNORECASE)
_NUMBER = re.compile(r"\d*\.?\d+(?:[eE][-+]?\d+)?")
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_SUBJECT = re.compile(r"[^\s>+~]*[.#]([\w-]+)$")


@dataclass(slots=True)
class Element:
    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    letters: int = 0

    @property
    def declared(self) -> dict[str, str]:
        """Its attributes, with what its style says."""
        return self.attributes | _declared(self.attributes.get("style", ""))

    @property
    def names(self) -> set[str]:
        """By which a style sheet can mean it."""
        return {self.attributes.get("id", ""), *self.attributes.get("class", "").split()}


class Costs:
    """Of one drawing, by its root and its style sheets."""

    def __init__(self, root: Element, css: str) -> None:
        self._all = list(_flat(root))
        self._root = root
        self._css = css
        self._by_id = {each.attributes.get("id", ""): each for each in reversed(self._all)}
        self._known: dict[int, float] = {}
        self._count: dict[tuple[int, bool], float] = {}

    def total(self) -> float:
        """Infinite where something is drawn within itself."""
        is_animated = "@keyframes" in self._css.lower() or any(
            each.name in _ANIMATIONS for each in self._all
        )
        return self._of(self._root) * (_ANIMATED if is_animated else 1)

    def _of(self, element: Element) -> float:
        known = self._known.get(id(element))
        if known is None:
            self._known[id(element)] = float("inf")  # As long as it is being counted.
            known = self._own(element) + sum(map(self._of, element.children))
            known += sum(self._drawn_with(element, *each) for each in self._references(element))
            self._known[id(element)] = known
        return known

    def _own(self, element: Element) -> float:
        declared = element.declared
        size = sum(len(declared.get(name, "")) for name in ("d", "points")) / _BYTES_OF_PATH
        layers = sum(_LAYER for name in _NEEDS_LAYER if declared.get(name, "none") != "none")
        work = 0.0
        if element.name.startswith("fe"):
            work = _FILTER_STEP * (1 + sum(_largest(declared.get(name, "")) for name in _WORK))
        return 1 + size + layers + work + element.letters + self._dashes(element, declared)

    def _dashes(self, element: Element, declared: dict[str, str]) -> float:
        pattern = declared.get("stroke-dasharray", "")
        patterns = [pattern, *self._dashes_for_all]
        each = max(map(_dashes_a_unit, patterns))
        if not each:
            return 0.0
        length = 4 * sum(_sum(declared.get(name, "")) for name in _GEOMETRY)
        length = max(length + 400 * element.letters, _sum(declared.get("pathLength", "")))
        return length * each / _DASHES

    def _drawn_with(self, element: Element, key: str, target: Element) -> float:
        is_marker = key.startswith("marker")
        times = self._places(element, is_marker) if is_marker or key in _INHERITED else 1
        return self._of(target) * times * (_COPY if key == "href" else 1)

    def _places(self, element: Element, is_marker: bool) -> float:
        """How many elements take over what it hands on, or how many corners they have."""
        key = (id(element), is_marker)
        known = self._count.get(key)
        if known is None:
            self._count[key] = float("inf")
            inside = list(element.children)
            inside += [target for word, target in self._references(element) if word == "href"]
            corners = sum(len(element.attributes.get(name, "")) / 2 for name in ("d", "points"))
            known = 1 + (corners if is_marker else 0)
            known += sum(self._places(each, is_marker) for each in inside)
            self._count[key] = known
        return known

    def _references(self, element: Element) -> list[tuple[str, Element]]:
        """What is drawn with it, and by which of its words."""
        found = list(_urls(element.declared))
        if "href" in element.attributes:
            found.append(("href", element.attributes["href"].strip().removeprefix("#")))
        for meant, declared in self._rules:
            if meant is None or meant & element.names:
                found += _urls(declared)
        return [(key, self._by_id[name]) for key, name in found if name in self._by_id]

    @cached_property
    def _rules(self) -> list[tuple[set[str] | None, dict[str, str]]]:
        """Those of its style sheets that refer to something; None means every element."""
        rules = [(_meant(before), _declared(inside)) for before, inside in _RULE.findall(self._css)]
        # Behind a variable, or within another rule, it may be anybody's.
        styles = [each.attributes.get("style", "") for each in self._all]
        is_open = "var(" in self._css or any("var(" in style for style in styles)
        if is_open:
            rules += [(None, _declared(style)) for style in styles if "--" in style]
        is_nested = re.search(r"\{[^{}]*\{", re.sub(r"@[^{]*\{", "", self._css)) is not None
        wide = is_open or is_nested
        return [(None if wide else meant, all_) for meant, all_ in rules if any(_urls(all_))]

    @cached_property
    def _dashes_for_all(self) -> list[str]:
        """Of what hands its style on, or means more than one."""
        words = re.findall(r"stroke-dasharray\s*:\s*([^;}]*)", self._css)
        for each in self._all:
            if each.attributes.get("attributeName") == "stroke-dasharray":
                words += [each.attributes.get(name, "") for name in ("values", "from", "to", "by")]
            if each.name in _FOR_ALL:
                words.append(each.declared.get("stroke-dasharray", ""))
        return words


def _flat(root: Element) -> Iterable[Element]:
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting += element.children


def _declared(css: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in css.split(";"))
    return {key.strip().lower(): value.strip() for key, _, value in pairs if value}


def _urls(declared: dict[str, str]) -> Iterable[tuple[str, str]]:
    for key, value in declared.items():
        if key != "style" and "#" in value:
            yield from ((key, name) for name in _URL.findall(value))


def _meant(selectors: str) -> set[str] | None:
    """The class or id that each of them asks for at its end; None when one asks for neither."""
    found = [_SUBJECT.search(each.strip()) for each in selectors.split(",")]
    if "(" in selectors or not all(found):
        return None
    return {each[1] for each in found if each}


def _numbers(text: str) -> list[float]:
    return [float(each) for each in _NUMBER.findall(text)]


def _sum(text: str) -> float:
    return sum(_numbers(text))


def _largest(text: str) -> float:
    return max(_numbers(text), default=0.0)


def _dashes_a_unit(pattern: str) -> float:
    numbers = _numbers(pattern)
    whole = sum(numbers)
    return len(numbers) / whole if whole else 0.0
