"""Who may ask the endpoint: programs of this machine, never a web page of somebody else.

The endpoint knows no passwords, and a browser on this machine reaches 127.0.0.1 for any page that it shows:
directly, or under a name of the page's own that suddenly means 127.0.0.1 (DNS rebinding). What gives such a
page away is what a browser never lets it choose: `Host`, `Origin` and `Sec-Fetch-Site`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from batchkit.local.server import Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.local.server import Call

# This machine, a bucket as the host's first label (RFC 6761: *.localhost is this machine), and what a
# container calls the machine it runs on.
NAMES = "127.0.0.1, localhost, *.localhost, [::1] or host.docker.internal"
_PLACE = r"(?:127\.0\.0\.1|(?:[a-z0-9_-]+\.)*localhost|\[::1\]|host\.docker\.internal)(?::[0-9]{1,5})?"
_HOST = re.compile(_PLACE, re.IGNORECASE)
_ORIGIN = re.compile(f"https?://{_PLACE}", re.IGNORECASE)

# moto's own control: it resets and reads everything, and asks for no signature.
_CONTROL = "/moto-api"


def refusal(call: Call) -> Reply | None:
    """403 with the reason as plain text; None for a request that may be answered."""
    reason = next(_reasons(call), None)
    return None if reason is None else Reply(403, (("Content-Type", "text/plain; charset=utf-8"),), reason)


def without_cors(reply: Reply) -> Reply:
    """`reply` without the headers by which moto lets any page read it."""
    kept = tuple(pair for pair in reply.headers if not pair[0].lower().startswith("access-control-"))
    return replace(reply, headers=kept)


def _reasons(call: Call) -> Iterator[bytes]:
    if not _HOST.fullmatch(call.headers.get("Host", "")):
        yield f"Refused: the Host header must name {NAMES}.\n".encode()
    origin = call.headers.get("Origin")
    if origin is not None and not _ORIGIN.fullmatch(origin):
        yield f"Refused: the Origin header is not of {NAMES}.\n".encode()
    # A link, an image or a form of another site comes without an Origin.
    if origin is None and call.headers.get("Sec-Fetch-Site") == "cross-site":
        yield b"Refused: a page of another site asked for this.\n"
    if str(call.environ.get("PATH_INFO", "")).startswith(_CONTROL):
        yield b"Refused: moto's own API is not served here.\n"
