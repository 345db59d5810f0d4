"""Text without credentials: logs and the ledger are read by more people than may use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

_NAME = r"(?:security[-_]?token|session[-_]?token|secret[-_]?access[-_]?key)"

# Every repetition is bounded or ends where it can only end: an exception's text may be long, and hostile.
_SECRETS = re.compile(
    # IAM User Guide, "Unique identifiers": access keys, long-term and of STS.
    r"A(?:KIA|SIA)[A-Z0-9]{12,}"
    # How session tokens of STS begin.
    r"|(?:FwoG|FQoG|IQoJ)[A-Za-z0-9+/=_%-]{32,}"
    # Presigned URLs, of both signature versions, and Authorization headers.
    r"|(?P<parameter>(?i:signature|credential|security-token)(?:=|%3D))[^&\s\"',]+"
    # The secrets as headers, variables, JSON and Python's repr show them.
    rf"|(?P<name>(?i:{_NAME})[\"']?\s?[=:]\s?b?[\"']?)[^&\s\"',]+"
    # user:password in a URL.
    r"|(?P<scheme>://)[^/@:\s]{0,256}:[^/@\s]{1,1024}(?=@)"
)


def scrub(text: str) -> str:
    """`text` with every credential in it replaced by `***`."""
    return _SECRETS.sub(_masked, text)


def scrubbed(value: Any) -> Any:
    """`value`, which is to become JSON, with all its texts scrubbed, however deep they are."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {scrub(str(name)): scrubbed(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(member) for member in value]
    return scrub(str(value))


def _masked(found: re.Match[str]) -> str:
    return "".join(filter(None, found.groups())) + MASK
