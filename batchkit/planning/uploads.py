"""Which uploads are accepted: the same answer for EventBridge (patterns) and for Python (`refusal`).

    accepted_patterns   each starts the Batch job
    rejected_pattern    calls the handler, which asks `refusal` once more

The rejected pattern also matches objects outside the prefix, for EventBridge cannot say "this prefix
and not that suffix" of one field; `refusal` answers None for them and the handler ignores them. None
inside the prefix is matched by neither kind, but empty folder markers. Both kinds match what
would be accepted, were there no quote or backslash in its key: EventBridge cannot say "and without" either.

The standard library only: a Lambda function imports this module.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# "Event pattern size: 2,048 characters" (EventBridge User Guide, quotas; adjustable).
MAX_PATTERN_CHARACTERS = 2048

# EventBridge refuses rules whose wildcards are too complex (User Guide, "Wildcards and event pattern
# complexity") and publishes no figure. Its open-source matcher, aws/event-ruler, counts 2 for each
# wildcard of ours and 11 for the guide's example of a rule that is refused; the highest count that is
# known to have been accepted is 9. The rejected pattern counts 7, and 9 where outputs share the bucket.
MAX_WILDCARDS = 4

# The rules that eventbridge/rules.yaml has for accepted uploads: below a prefix, one for each suffix.
# EventBridge takes 30 rules with wildcards on a bus, of all projects together (User Guide, quotas).
MAX_ACCEPTING = 8

# Where a function or job finds the rules.
VARIABLE = "BATCHKIT_UPLOADS"

WRONG_TYPE = "WrongType"
TOO_BIG = "TooBig"
EMPTY = "Empty"
UNSAFE_KEY = "UnsafeKey"

# EventBridge inserts values into a target's input without escaping them: after either of these
# characters, the input is no JSON, or says something else.
UNSAFE = ('"', "\\")


_UNSAFE_KEY = (
    "the key has a quotation mark or a backslash in it, and EventBridge cannot deliver such keys to a job;"
    " rename the object"
)


@dataclass(frozen=True)
class Refusal:
    """Why an upload is not processed: a stable CamelCase word, and a sentence for people."""

    error_class: str
    message: str


@dataclass(frozen=True)
class UploadRules:
    """Uploads that are processed: in `bucket`, below `prefix` (which is not `is_unsafe`), with one of
    `suffixes` (lower case, with the dot), of 1 to `max_bytes` bytes."""

    bucket: str
    prefix: str
    suffixes: tuple[str, ...]
    max_bytes: int

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Each suffix as `.jpg`, `.JPG` and `.Jpg`: wildcards of EventBridge cannot ignore case."""
        return spelt(self.suffixes)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The suffixes without those that another one covers, as `.gz` covers `.tar.gz`."""
        lower = tuple(dict.fromkeys(suffix.lower() for suffix in self.suffixes))
        return tuple(x for x in lower if not any(x != other and x.endswith(other) for other in lower))

    def to_json(self) -> str:
        """For the environment of a function or job; `from_json` reads it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> UploadRules:
        """Raises ConfigError on anything but what `to_json` wrote."""
        try:
            values = json.loads(text)
            return cls(**{**values, "suffixes": tuple(values["suffixes"])})
        except (ValueError, TypeError, KeyError) as error:
            raise ConfigError(
                f"the environment variable {VARIABLE} does not say what an upload must be",
                found=text,
                expected="what deploying writes",
                fix="deploy again",
            ) from error


def spelt(suffixes: Iterable[str]) -> tuple[str, ...]:
    """The spellings of suffixes that are accepted: lower, UPPER and Title case."""
    return tuple(dict.fromkeys(s for x in suffixes for s in (x.lower(), x.upper(), x.title())))


def refusal(rules: UploadRules, key: str, size: int) -> Refusal | None:
    """Why an object of the rules' bucket is refused; None for accepted ones, for objects outside the
    prefix and for folder markers (keys ending in `/` of 0 bytes, which the S3 console makes)."""
    if not key.startswith(rules.prefix) or (key.endswith("/") and size == 0):
        return None
    if not key.endswith(rules.spellings):
        return Refusal(WRONG_TYPE, _wrong_type(rules, key))
    if size == 0:
        return Refusal(EMPTY, "the object is empty (0 bytes)")
    if size > rules.max_bytes:
        return Refusal(TOO_BIG, f"the object has {size:,} bytes; accepted are at most {rules.max_bytes:,}")
    if is_unsafe(key):
        return Refusal(UNSAFE_KEY, _UNSAFE_KEY)
    return None


def accepts(rules: UploadRules, bucket: str, key: str) -> bool:
    """Whether an object of this name is accepted, if its size is: a job asks, which cannot trust its
    parameters."""
    return bucket == rules.bucket and key.startswith(rules.prefix) and refusal(rules, key, 1) is None


def is_unsafe(text: str) -> bool:
    """Whether EventBridge cannot deliver a key with this in it."""
    return any(character in text for character in UNSAFE)


def accepted_patterns(rules: UploadRules) -> tuple[dict[str, Any], ...]:
    """The EventBridge patterns of accepted uploads, each of them matched by one pattern only.

    Conditions on one field are alternatives, so prefix and suffix together need one `wildcard` per
    spelling, of which EventBridge takes `MAX_WILDCARDS` in a rule: there is a pattern per suffix. Without a
    prefix there is one pattern, and no wildcard in it.
    """
    groups = [(kind,) for kind in rules.kinds] if rules.prefix else (rules.suffixes,)
    size = [{"numeric": [">", 0, "<=", rules.max_bytes]}]
    return tuple(
        _pattern(rules, {"object": {"key": list(_accepted_keys(rules.prefix, spelt(group))), "size": size}})
        for group in groups
    )


def rejected_pattern(rules: UploadRules, outputs_prefix: str | None = None) -> dict[str, Any]:
    """The EventBridge pattern of what `accepted_patterns` leave over, a wrong suffix or a wrong size, and
    of the keys that EventBridge cannot deliver.

    `outputs_prefix` is the literal start of the outputs' keys where they share the bucket: they are no
    uploads, and a handler call for each would be waste. With more than one suffix leaving them out takes too
    many wildcards: then the handler is called for those that do not end as uploads do, and ignores them.
    """
    bad_size = [{"numeric": ["=", 0]}, {"numeric": [">", rules.max_bytes]}]
    good_suffix = [{"suffix": spelling} for spelling in rules.spellings]
    choices = [
        {"key": [{"anything-but": _other_keys(rules, outputs_prefix)}]},
        {"key": good_suffix, "size": bad_size},
        {"key": [{"suffix": "/"}], "size": [{"numeric": [">", 0]}]},
        {"key": [{"wildcard": f"{_escaped(rules.prefix)}*{_escaped(character)}*"} for character in UNSAFE]},
    ]
    return _pattern(rules, {"object": {"$or": choices}})


def pattern_text(pattern: dict[str, Any]) -> str:
    """The pattern as EventBridge takes it: JSON without spaces."""
    return json.dumps(pattern, separators=(",", ":"), ensure_ascii=False)


def _pattern(rules: UploadRules, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [rules.bucket]}, **detail},
    }


def _accepted_keys(prefix: str, spellings: Iterable[str]) -> Iterator[Any]:
    for spelling in spellings:
        if not prefix:
            yield {"suffix": spelling}
            continue
        yield {"wildcard": f"{_escaped(prefix)}*{_escaped(spelling)}"}
        yield from _overlaps(prefix, spelling)


def _overlaps(prefix: str, suffix: str) -> Iterator[str]:
    """The keys that begin with `prefix` and end with `suffix` but are too short for the wildcard."""
    for shared in range(1, len(suffix) + 1):
        if prefix.endswith(suffix[:shared]):
            yield prefix + suffix[shared:]


def _other_keys(rules: UploadRules, outputs_prefix: str | None) -> dict[str, Any]:
    endings = [*rules.spellings, "/"]
    if not outputs_prefix or len(rules.spellings) > MAX_WILDCARDS:
        return {"suffix": endings}
    return {"wildcard": [*(f"*{_escaped(end)}" for end in endings), f"{_escaped(outputs_prefix)}*"]}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")


def _wrong_type(rules: UploadRules, key: str) -> str:
    other_case = next((s for s in rules.suffixes if key.lower().endswith(s.lower())), None)
    if other_case:
        spellings = ", ".join(dict.fromkeys([other_case.lower(), other_case.upper(), other_case.title()]))
        return f"'{key[-len(other_case) :]}' is accepted only when it is spelt {spellings}"
    return f"the key ends in none of the accepted suffixes {', '.join(rules.suffixes)}"
