"""Allow-list for SVG: all that is not in it is unsafe, known to us or not."""

import re

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
# Notes of editors, which no viewer acts on. They are left out of the copy without a word.
INERT_NAMESPACES = frozenset(
    {
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "http://purl.org/dc/elements/1.1/",
        "http://creativecommons.org/ns#",
        "http://web.resource.org/cc/",
        "http://www.inkscape.org/namespaces/inkscape",
        "http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd",
        "http://c2pa.org/manifest",
    }
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _words(
    """
    svg g defs symbol use title desc metadata switch style view
    path rect circle ellipse line polyline polygon text tspan textPath image marker
    linearGradient radialGradient stop pattern clipPath mask filter
    feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting
    feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR
    feGaussianBlur feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting
    feSpotLight feTile feTurbulence
    animate animateTransform animateMotion mpath set
    """
)
ATTRIBUTES = _words(
    """
    id class style lang role tabindex type media title version baseProfile xmlns
    x y x1 y1 x2 y2 cx cy r rx ry fx fy fr dx dy width height d points pathLength rotate
    viewBox preserveAspectRatio transform transform-origin gradientTransform patternTransform
    gradientUnits patternUnits patternContentUnits clipPathUnits maskUnits maskContentUnits
    filterUnits primitiveUnits markerUnits markerWidth markerHeight refX refY orient spreadMethod
    offset stop-color stop-opacity fill fill-opacity fill-rule stroke stroke-width stroke-opacity
    stroke-linecap stroke-linejoin stroke-miterlimit stroke-dasharray stroke-dashoffset
    color opacity display visibility overflow clip clip-path clip-rule mask filter cursor
    color-interpolation color-interpolation-filters color-rendering shape-rendering text-rendering
    image-rendering paint-order vector-effect pointer-events mix-blend-mode isolation
    enable-background marker marker-start marker-mid marker-end flood-color flood-opacity
    lighting-color mask-type
    font font-family font-size font-size-adjust font-stretch font-style font-variant font-weight
    text-anchor text-decoration letter-spacing word-spacing writing-mode direction unicode-bidi
    dominant-baseline alignment-baseline baseline-shift textLength lengthAdjust startOffset method
    spacing side kerning glyph-orientation-vertical white-space
    in in2 result mode operator k1 k2 k3 k4 values stdDeviation edgeMode order kernelMatrix divisor
    bias targetX targetY preserveAlpha surfaceScale diffuseConstant specularConstant
    specularExponent kernelUnitLength scale xChannelSelector yChannelSelector radius
    baseFrequency numOctaves seed stitchTiles azimuth elevation z pointsAtX pointsAtY pointsAtZ
    limitingConeAngle tableValues slope intercept amplitude exponent
    attributeName attributeType begin dur end min max restart repeatCount repeatDur calcMode
    keyTimes keySplines keyPoints path from to by additive accumulate origin
    requiredExtensions requiredFeatures systemLanguage space
    """
)
_WORDS = re.compile(r"aria-[a-z]+|data-[a-z0-9-]+|id|class|role|title|lang|font-family")
# Of CSS and of attributes like transform; whatever fetches something is not among them.
_FUNCTIONS = _words(
    """
    url rgb rgba hsl hsla hwb lab lch oklab oklch color color-mix var calc min max clamp
    matrix matrix3d translate translatex translatey translate3d scale scalex scaley rotate
    rotatez skewx skewy skew cubic-bezier steps linear blur brightness contrast drop-shadow
    grayscale hue-rotate invert opacity saturate sepia polygon circle ellipse inset path
    not is where has nth-child nth-of-type nth-last-child and or
    """
)
_CALL = re.compile(r"([\w-]+)\(")
_URL = re.compile(r"url\(", re.IGNORECASE)
_LOCAL_URL = re.compile(r"""url\(\s*(["']?)#[\w.:-]+\1\s*\)""", re.IGNORECASE)
_AT_RULE = re.compile(r"@(?!media\b|keyframes\b|supports\b)", re.IGNORECASE)
_LOCAL = re.compile(r"#[^\s]*")
_RASTER = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*")


def is_word(name: str) -> bool:
    """Attributes that hold mere words, which no viewer reads as CSS."""
    return _WORDS.fullmatch(name) is not None


def is_safe_value(text: str) -> bool:
    """CSS, or an attribute that may hold some: it must neither fetch nor hide anything."""
    if "\\" in text or _AT_RULE.search(text) or "javascript:" in "".join(text.split()).lower():
        return False
    if any(call.lower() not in _FUNCTIONS for call in _CALL.findall(text)):
        return False
    return len(_URL.findall(text)) == len(_LOCAL_URL.findall(text))


def is_safe_reference(element: str, target: str) -> bool:
    """Within the drawing, or a raster picture inside it."""
    return bool(_LOCAL.fullmatch(target) or (element == "image" and _RASTER.fullmatch(target)))
