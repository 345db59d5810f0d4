"""Globs on S3 keys.

    *        any characters of one folder's or object's name, also none
    ?        one character of a name
    [a-z]    one of these characters; [!a-z] one that is none of them; [*] is the star itself
    **       anything, slashes included; `**/` also nothing: `a/**/b` is `a/b`, `a/x/b`, `a/x/y/b`

Nothing but `**` goes past a slash. A glob without a slash is held against the last part of the key,
wherever it lies (`*.jpg` is every jpg); one with a slash against the whole key, from the bucket's top.
Case counts. Other characters, the backslash included, stand for themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

# A class may hold `]` as its first character, as in every shell.
_TOKEN = re.compile(r"\*\*+/?|\*|\?|\[(?P<negated>!?)(?P<characters>.[^]]*)\]|.", re.DOTALL)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def compiled(globs: Iterable[str]) -> re.Pattern[str]:
    """What fully matches the keys that one of `globs` fits, and no key when there are none.

    Raises ConfigError for an empty glob and for a range that descends (`[z-a]`).
    """
    return re.compile("|".join(f"(?:{_expression(glob)})" for glob in globs) or r"(?!)", re.DOTALL)


def _expression(glob: str) -> str:
    if not glob:
        raise ConfigError("a glob is empty", expected="a pattern such as *.jpg or uploads/**/*.png")
    anywhere = "" if "/" in glob else "(?:.*/)?"
    return anywhere + "".join(_part(token, glob) for token in _TOKEN.finditer(glob))


def _part(token: re.Match[str], glob: str) -> str:
    text = token[0]
    if text.startswith("**"):
        after_slash = token.start() == 0 or glob[token.start() - 1] == "/"
        if not text.endswith("/"):
            return ".*"
        return "(?:.*/)?" if after_slash else ".*/"
    if token["characters"]:
        return _one_of(token["characters"], bool(token["negated"]), glob)
    return {"*": "[^/]*", "?": "[^/]"}.get(text) or re.escape(text)


def _one_of(characters: str, negated: bool, glob: str) -> str:
    members = []
    for low, high, single in _RANGE.findall(characters):
        if low > high:
            raise ConfigError(
                "a glob has a range that descends",
                found=f"{low}-{high} in {glob!r}",
                expected=f"{high}-{low}",
            )
        members.append(re.escape(single) if single else f"{re.escape(low)}-{re.escape(high)}")
    return f"(?!/)[{'^' if negated else ''}{''.join(members)}]"
