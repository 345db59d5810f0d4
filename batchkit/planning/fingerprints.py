"""One text for all occurrences of an error, to count them by."""

from __future__ import annotations

import re

# What differs between two occurrences of one error, in this order: addresses, quoted words, paths,
# long hexadecimal numbers, numbers.
_VARYING = (
    (re.compile(r"\b\w+://\S+"), "<url>"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "<text>"),
    (re.compile(r"\S*/\S*"), "<path>"),
    (re.compile(r"\b(?:0x)?[0-9a-fA-F]*\d[0-9a-fA-F]{7,}\b"), "<n>"),
    (re.compile(r"\d+(?:[.,]\d+)*"), "<n>"),
)
MAX_FINGERPRINT = 200


def fingerprint(error_class: str, message: str) -> str:
    """The same text for all occurrences of an error: its class, and its message without what varies."""
    text = message[: 5 * MAX_FINGERPRINT]
    for pattern, stand_in in _VARYING:
        text = pattern.sub(stand_in, text)
    return f"{error_class}: {' '.join(text.split())}"[:MAX_FINGERPRINT]
