"""What strangers say with a key in it: of ours, of another provider, or of anybody at all."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

OURS = "sk-upstream-secret-0123456789abcdef"
# No pattern knows this one: it is hidden because the process holds it.
OTHERS = "c0ffee00plainazurekey11223344556677"
SHORT = "hunter/2"


@dataclass(frozen=True, slots=True)
class Echo:
    name: str
    text: str
    secrets: tuple[str, ...]
    stays: str = ""


ECHOES = (
    Echo("headers", f"Bad headers {{'Authorization': 'Bearer {OURS}'}}", (OURS,), "Bad headers"),
    Echo("received", f"Received API Key = {OURS}", (OURS,), "Received API Key ="),
    Echo("another provider's", f"tried {OTHERS}, then gave up", (OTHERS,), "then gave up"),
    Echo("quoted for an address", "/v1?k=hunter%2F2&n=1", ("hunter%2F2",)),
    Echo("cut off", f"key {OTHERS[:20]}... is wrong", (OTHERS[:16],), "is wrong"),
    Echo("short", f"user '{SHORT}' is unknown", (SHORT,), "is unknown"),
    Echo("in a word", f"id:{OTHERS}tail", (OTHERS,)),
    Echo("a stranger's bearer", "Authorization: Bearer abc.def-0123456789", ("def-0123456789",)),
    Echo("lower case", "bearer ABCDEF0123456789==", ("ABCDEF0123456789",)),
    Echo("escaped JSON", r"{\"api_key\": \"9f8e7d6c5b4a3210\"}", ("9f8e7d6c5b4a3210",), "api_key"),
    Echo("project key", "Incorrect: sk-proj-Ab12_cdEFgh34-ij", ("Ab12_cdEFgh34",), "Incorrect"),
    Echo("xAI", "xai-0a1b2c3d4e5f60718293", ("0a1b2c3d4e5f60718293",)),
    Echo("Google", "AIzaSyA1234567890abcdefghijklmnopqrs is bad", ("AIzaSyA12345",), "is bad"),
    Echo("a studio's key", "ist_0123456789abcdefghij", ("0123456789abcdefghij",)),
    Echo("JWT", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl", ("eyJzdWIiOiIxMjM0",)),
    Echo("user of an address", "http://joe:pa55w0rd@proxy:3128 failed", ("pa55w0rd",), "failed"),
    Echo(
        "basic",
        f"Basic {b64encode(b'user:pa55').decode()}",
        (b64encode(b"user:pa55").decode(),),
    ),
    Echo(
        "signed address",
        "GET https://x.example/a.png?sv=2024&sig=abc%2Fdef&se=1 failed",
        ("abc%2Fdef",),
        "sv=2024",
    ),
    Echo(
        "signed in S3's way",
        "https://x.example/a?X-Amz-Signature=0a1b2c&X-Amz-Credential=AKIA/1",
        ("0a1b2c", "AKIA"),
    ),
)

# Sentences that speak of keys and show none: they stay as they are.
HARMLESS = (
    "Bearer authentication is required.",
    "The token limit of 16384 was exceeded; max_tokens: 4096.",
    "Unknown parameter: 'output_compression'.",
    "You didn't provide an API key. Use an Authorization header with Bearer auth.",
    "Incorrect API key provided: sk-ab******yz. Find yours at https://example.com/keys.",
    "Your request was rejected by the safety system. safety_violations=[sexual]",
    "The sandbox says: the size 1024x1024 is not for gpt-image-2.",
    "KeyError: 'b64_json'",
    "task-1234567 took 12.5 s",
)
