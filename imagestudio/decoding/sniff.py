"""Magic numbers: what bytes really are, by the first of them. No name or header is ever asked."""

HEAD_BYTES = 4096

_OURS = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
)
# Known only to say by name what came instead.
_OTHERS = (
    ("PDF", b"%PDF"),
    ("ZIP", b"PK\x03\x04"),
    ("Windows program", b"MZ"),
    ("Linux program", b"\x7fELF"),
    ("TIFF", b"II*\x00"),
    ("TIFF", b"MM\x00*"),
    ("BMP", b"BM"),
    ("ICO", b"\x00\x00\x01\x00"),
    ("Photoshop", b"8BPS"),
    ("EPS", b"%!PS"),
    ("JPEG 2000", b"\x00\x00\x00\x0cjP  "),
    ("JPEG XL", b"\x00\x00\x00\x0cJXL "),
    ("JPEG XL", b"\xff\x0a"),
)
_NO_PICTURES = ("HTML", "Windows program", "Linux program")
_EXTENSIONS = {
    "TIFF": "tiff",
    "BMP": "bmp",
    "ICO": "ico",
    "Photoshop": "psd",
    "HEIC": "heic",
    "JPEG 2000": "jp2",
    "JPEG XL": "jxl",
    "PDF": "pdf",
    "ZIP": "zip",
    "video": "mp4",
}
# Of containers that films use as well. An AVIF often calls itself a HEIF in general too.
_AVIF, _HEIC = (b"avif", b"avis"), (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_SVG_STARTS = (b"<svg", b"<?xml", b"<!--", b"<!doctype svg")


def sniff(data: bytes) -> str | None:
    """The kind of picture that this claims to be; None when it is none of ours."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for kind, start in _OURS:
        if data.startswith(start):
            return kind
    if any(brand in _AVIF for brand in _brands(data)):
        return "avif"
    return "svg" if _looks_like_svg(data[:HEAD_BYTES]) else None


def other_name(data: bytes) -> str | None:
    """A word for well-known files that we don't take."""
    if brands := _brands(data):
        return "HEIC" if any(brand in _HEIC for brand in brands) else "video"
    if b"<html" in data[:HEAD_BYTES].lower():
        return "HTML"
    return next((name for name, start in _OTHERS if data.startswith(start)), None)


def extension_of(data: bytes) -> str | None:
    """How a file is called that may be a picture, though nobody here can open it."""
    name = other_name(data)
    if (
        not data
        or name in _NO_PICTURES
        or (sniff(data) is None and name is None and _is_text(data))
    ):
        return None
    return sniff(data) or _EXTENSIONS.get(name or "", "bin")


def _is_text(data: bytes) -> bool:
    head = data[:HEAD_BYTES]
    try:
        text = head.decode("utf-8", "strict" if len(data) <= HEAD_BYTES else "ignore")
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def _brands(data: bytes) -> list[bytes]:
    """What a container says that it can be read as."""
    if data[4:8] != b"ftyp":
        return []
    head = data[8 : min(int.from_bytes(data[:4]), HEAD_BYTES)]
    return [head[at : at + 4] for at in (0, *range(8, len(head), 4))]


def _looks_like_svg(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(_SVG_STARTS) and (b"<svg" in text or b":svg" in text)
