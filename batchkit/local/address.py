"""Where the local stack answers, for those who must not import what makes it."""

from __future__ import annotations

HOST = "127.0.0.1"

# That of `batchkit local up`, unless told otherwise; other stacks like it use the same.
DEFAULT_PORT = 4566

# The live page. No bucket can have this name: it has an underscore.
LIVE_PATH = "/_batchkit/"
