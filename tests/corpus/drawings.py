"""Drawings of a few lines that would have a browser draw for hours, and honest ones beside them."""

from tests.decoding.svgs import XLINK, svg

SHAPE = '<rect width="90" height="50" fill="#c84"/>'


def doubled(times: int, how: str = '<use href="#a{0}"/>') -> str:
    """Each group draws the one before it twice."""
    groups = [f'<g id="a0">{SHAPE}</g>']
    groups += [f'<g id="a{n}">{how.format(n - 1) * 10}</g>' for n in range(1, times)]
    return f"<defs>{''.join(groups)}</defs>" + how.format(times - 1)


def chained(open_tag: str, close_tag: str, word: str, times: int = 9) -> str:
    """What fills a shape is made of shapes that are filled by another such."""
    parts = []
    for number in range(times):
        inside = f'<rect width="90" height="50" {word}="url(#p{number - 1})"/>' * 10
        parts.append(open_tag.format(f"p{number}") + (inside if number else SHAPE) + close_tag)
    return f"<defs>{''.join(parts)}</defs>" + SHAPE.replace("fill", f'{word}="url(#p8)" data-a')


PATTERN = '<pattern id="{0}" width="90" height="50" patternUnits="userSpaceOnUse">'
MARKER = '<marker id="m" markerWidth="9" markerHeight="9">{0}</marker>'
DOT, WORDS, ZIGZAG, CURL = "<circle r='9'/>", "fox " * 900, "l9 9-9 9", "M0 0l1 1 2 2 3 3z"
CORNERS = "M0 0" + "h1v1" * 2000
STEPS = "<feTurbulence numOctaves='9'/>" * 40
HEAVY = {
    "use of use": svg(doubled(9)),
    "use by xlink": svg(doubled(9, '<use xlink:href="#a{0}"/>'), XLINK),
    "use of itself": svg('<g id="a"><use href="#a"/></g>'),
    "symbols": svg(doubled(9).replace("<g id", "<symbol id").replace("</g>", "</symbol>")),
    "patterns of patterns": svg(chained(PATTERN, "</pattern>", "fill")),
    "strokes of patterns": svg(chained(PATTERN, "</pattern>", "stroke")),
    "masks of masks": svg(chained('<mask id="{0}">', "</mask>", "mask")),
    "clips of clips": svg(chained('<clipPath id="{0}">', "</clipPath>", "clip-path")),
    "masks by style": svg(
        chained('<mask id="{0}">', "</mask>", "mask").replace(
            'mask="url(#p3)"', 'style="mask:url(&quot;#p3&quot;)"'
        )
    ),
    "masks by style sheet": svg(
        '<style>rect{mask:url(#m)}</style><mask id="m">'
        + "<g><circle r='9'/></g>" * 50
        + "</mask>"
        + SHAPE * 400
    ),
    "filters by variable": svg(
        f'<style>*{{filter:var(--f)}}</style><filter id="f">{STEPS}</filter>'
        f'<g style="--f:url(#f)">{SHAPE * 9}</g>'
    ),
    "filters by nested rule": svg(
        f'<style>.a{{rect{{filter:url(#f)}}}}</style><filter id="f">{STEPS}</filter>'
        f'<g class="a">{SHAPE * 90}</g>'
    ),
    "markers": svg(
        f'<defs>{MARKER.format(SHAPE * 50)}</defs><path d="{CORNERS}" marker-mid="url(#m)"/>'
    ),
    "markers handed on": svg(
        f'<defs>{MARKER.format(SHAPE)}</defs><g marker-mid="url(#m)">'
        + '<path d="M0 0h1v1h1v1h1v1"/>' * 900
        + "</g>"
    ),
    "patterns handed on": svg(
        f'<pattern id="p">{SHAPE * 30}</pattern><g fill="url(#p)">{DOT * 900}</g>'
    ),
    "many filters": svg(f'<filter id="f">{STEPS}</filter><g filter="url(#f)">{SHAPE}</g>'),
    "a wide filter": svg('<filter id="f"><feMorphology radius="5000"/></filter>'),
    "many layers": svg(f'<g opacity=".9">{SHAPE}</g>' * 900),
    "many shapes": svg(SHAPE * 90_000),
    "endless dashes": svg('<path d="M0 0H900000" stroke="red" stroke-dasharray=".0001"/>'),
    "dashes by length": svg(
        '<path d="M0 0H90" pathLength="9e9" stroke="red" style="stroke-dasharray:1"/>'
    ),
    "dashes handed on": svg('<g stroke-dasharray=".001"><circle r="9000"/></g>'),
    "dashes by style sheet": svg(
        '<style>circle{stroke-dasharray:.001 .001}</style><circle r="9000" stroke="red"/>'
    ),
    "text again and again": svg(f'<text id="t">{WORDS}</text>' + '<use href="#t"/>' * 90),
    "a long path": svg(f'<path d="M0 0{ZIGZAG * 300_000}"/>'),
    "animated": svg("<g><animate attributeName='x' values='0;9' dur='1s'/></g>" + SHAPE * 2_500),
}
# What drawing programs and models really write.
HONEST = {
    "two thousand shapes": svg(SHAPE * 2_000),
    "icons used again": svg(f'<symbol id="s">{SHAPE * 9}</symbol>' + '<use href="#s"/>' * 200),
    "classes of gradients": svg(
        "<style>"
        + "".join(f".c{n}{{fill:url(#g{n})}}" for n in range(40))
        + "</style>"
        + "".join(f'<linearGradient id="g{n}"><stop/><stop/></linearGradient>' for n in range(40))
        + "".join(f'<path class="c{n % 40}" d="M0 0h9v9z"/>' for n in range(1_000))
    ),
    "shadows": svg(
        '<filter id="f"><feDropShadow stdDeviation="2"/></filter>'
        + f'<g filter="url(#f)">{SHAPE}</g>' * 12
    ),
    "a chart with dashes": svg('<path d="M0 10H600" stroke-dasharray="4 4" stroke="red"/>' * 40),
    "a pattern": svg(f'<pattern id="p">{SHAPE * 4}</pattern><rect fill="url(#p)"/>'),
    "a clipped group": svg(
        f'<clipPath id="c">{SHAPE}</clipPath><g clip-path="url(#c)">{SHAPE}</g>'
    ),
    "a traced picture": svg("".join(f'<path d="{CURL * 20}"/>' for _ in range(900))),
    "moving": svg("<g><animate attributeName='x' values='0;9' dur='1s'/></g>" + SHAPE * 200),
}
