"""Drawings, and what hides in drawings."""

DRAWING = '<path d="M8 8h84v44z" fill="#c84"/>'


def svg(inside: str = DRAWING, attributes: str = "", before: str = "") -> bytes:
    start = f'{before}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 60"{attributes}>'
    return f"{start}{inside}</svg>".encode()


XLINK = ' xmlns:xlink="http://www.w3.org/1999/xlink"'
PIXEL = "data:image/png;base64,iVBORw0KGgo="
LAUGHS = (
    '<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
SECRET_FILE = '<!DOCTYPE svg [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
OUTSIDE_DTD = '<!DOCTYPE svg SYSTEM "https://evil.example/svg.dtd">'

# Each is taken as it is.
GOOD = {
    "shapes": svg(),
    "own size": svg(attributes=' width="2in" height="50"'),
    "very large": svg(attributes=' width="90000" height="54000"'),
    "gradient": svg(
        '<defs><linearGradient id="g"><stop offset="0" stop-color="red"/></linearGradient></defs>'
        '<rect width="9" height="9" fill="url(#g)"/>'
    ),
    "style sheet": svg("<style>.a:hover{fill:rgb(1,2,3)}</style><g class='a'/>"),
    "style attribute": svg('<g style="fill:url(&quot;#g&quot;);opacity:.5"/>'),
    "use of its own": svg(f'<g id="g"/><use xlink:href="#g"{XLINK}/>'),
    "raster inside": svg(f'<image href="{PIXEL}" width="9" height="9"/>'),
    "animation": svg('<rect><animate attributeName="x" values="0;9" dur="1s"/></rect>'),
    "words": svg('<title>Fox (red)</title><text x="1" aria-label="f(x) = 2">a &lt; b</text>'),
    "editor's notes": svg('<n:view xmlns:n="http://www.inkscape.org/namespaces/inkscape"/>'),
    "no namespace": b'<svg viewBox="0 0 100 60"><rect width="9" height="9"/></svg>',
    "declaration and comment": svg(before='<?xml version="1.0"?><!-- a fox -->'),
    "byte order mark": b"\xef\xbb\xbf" + svg(),
}
# Each could act: refused as a result, saved by the clean copy. What must be gone is named.
UNSAFE = {
    "script": (svg("<script>alert(1)</script>"), "alert"),
    "script by prefix": (
        svg('<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>'),
        "alert",
    ),
    "script of XHTML": (
        svg('<h:script xmlns:h="http://www.w3.org/1999/xhtml">alert(1)</h:script>'),
        "alert",
    ),
    "script in metadata": (svg("<metadata><script>alert(1)</script></metadata>"), "alert"),
    "script in notes": (
        svg(
            '<n:x xmlns:n="http://www.inkscape.org/namespaces/inkscape">'
            "<script>alert(1)</script></n:x>"
        ),
        "alert",
    ),
    "onload": (svg(attributes=' onload="alert(1)"'), "alert"),
    "onclick in capitals": (svg('<g OnClick="alert(1)"/>'), "alert"),
    "foreign object": (
        svg('<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">hi</p></foreignObject>'),
        "foreignObject",
    ),
    "frame": (svg('<iframe src="https://evil.example"/>'), "evil"),
    "external picture": (svg('<image href="https://evil.example/a.png"/>'), "evil"),
    "external picture by xlink": (
        svg(f'<image xlink:href="//evil.example/a.png"{XLINK}/>'),
        "evil",
    ),
    "file": (svg('<image href="/etc/passwd"/>'), "passwd"),
    "external use": (svg('<use href="https://evil.example/a.svg#b"/>'), "evil"),
    "drawing in a data address": (
        svg('<image href="data:image/svg+xml;base64,PHN2Zy8+"/>'),
        "data:",
    ),
    "page in a data address": (svg('<use href="data:text/html,hi"/>'), "data:"),
    "link to a script": (svg('<a href="javascript:alert(1)"><text>hi</text></a>'), "alert"),
    "animated link": (svg('<set attributeName="href" to="javascript:alert(1)"/>'), "alert"),
    "animated handler": (svg('<set attributeName="onload" to="alert(1)"/>'), "onload"),
    "animated script": (svg('<animate attributeName="x" to="java&#10;script:alert(1)"/>'), "alert"),
    "style address": (svg('<g style="fill:url(https://evil.example/a)"/>'), "evil"),
    "style sheet address": (svg("<style>g{fill:URL( '//evil.example')}</style>"), "evil"),
    "import": (svg("<style>@import '//evil.example/a.css';</style>"), "evil"),
    "import escaped": (svg(r"<style>@\69mport '//evil.example/a.css';</style>"), "evil"),
    "font": (svg("<style>@font-face{src:url(//evil.example/a)}</style>"), "evil"),
    "image set": (svg("<style>g{fill:image-set('//evil.example/a' 1x)}</style>"), "evil"),
    "fill address": (svg('<g fill="url(https://evil.example/a#b)"/>'), "evil"),
    "filter address": (svg('<g filter="url(//evil.example/a#b)"/>'), "evil"),
    "filter picture": (svg('<filter><feImage href="//evil.example/a"/></filter>'), "evil"),
    "style sheet by instruction": (
        svg(before='<?xml-stylesheet href="https://evil.example/a.css"?>'),
        "evil",
    ),
    "outside DTD": (svg(before=OUTSIDE_DTD), "evil"),
    "base": (svg(attributes=' xml:base="https://evil.example/"'), "evil"),
    "unknown element": (svg("<video/>"), "video"),
}
# Nothing can be saved of these. The text of the refusal is named.
HOPELESS = {
    "billion laughs": (svg("<text>&d;</text>", before=LAUGHS), "document type of its own"),
    "outside entity": (svg("<text>&file;</text>", before=SECRET_FILE), "document type of its own"),
    "undeclared entity": (svg("<text>&nbsp;</text>"), "undefined entity"),
    "undeclared entity with a DTD": (
        svg("<text>&nbsp;</text>", before=OUTSIDE_DTD),
        "uses entities",
    ),
    "not closed": (svg()[:-6], "not a whole SVG"),
    "two roots": (svg() + svg(), "not a whole SVG"),
    "deeply nested": (svg("<g>" * 5000 + "</g>" * 5000), "nested deeper than 100"),
    "too many elements": (svg("<g/>" * 100_001), "more than 100000 elements"),
    "ten megabytes": (svg(f"<!--{'x' * 10_000_000}-->"), "more than 5 MB"),
    "another root": (b"<?xml version='1.0'?><!-- <svg --><html/>", "no SVG"),
    "UTF-16": (
        '<?xml version="1.0" encoding="UTF-16"?><svg/>'.encode("utf-16"),
        "not a picture",
    ),
    "wrong bytes": (
        svg("<text>\udcff</text>".encode("utf-8", "surrogateescape").decode("latin-1")).replace(
            b"\xc3\xbf", b"\xff"
        ),
        "not a whole SVG",
    ),
}
