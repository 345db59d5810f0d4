"""Output keys: a template filled from the source's key and the task."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import category

from batchkit.errors import ConfigError, Rejected
from batchkit.planning.names import GALLERY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from batchkit.job import Task

FIELDS = ("dir", "stem", "name", "suffix", "task", "ext")

# "The maximum key length is 1,024 bytes" of UTF-8 (S3 User Guide, Naming objects).
MAX_KEY_BYTES = 1024

_FIELD = re.compile(r"\{([^{}]*)\}")


def check_template(template: str) -> None:
    """Raises ConfigError for an unknown field, a lone brace, one output for all sources, or a text that keys
    should not have. A leading slash is fine: to S3 it is a character like any other."""
    used = _FIELD.findall(template)
    unknown = [name for name in used if name not in FIELDS]
    rest = _FIELD.sub("", template)
    if unknown or "{" in rest or "}" in rest:
        raise ConfigError(
            "[output] key is not a template",
            found=repr(template),
            expected=f"text with the fields {', '.join(map('{{{}}}'.format, FIELDS))}",
        )
    if not {"stem", "name"} & set(used):
        raise ConfigError(
            "[output] key gives all sources of a folder the same output",
            found=repr(template),
            expected="{stem} or {name} in it",
        )
    _check_text(template)


def _check_text(template: str) -> None:
    if any(category(character) == "Cc" for character in template):
        raise ConfigError(
            "[output] key has a control character in it",
            found=repr(template),
            expected="none: S3's lists of objects, which are XML, cannot show such a key",
        )
    if ".." in template.split("/"):
        raise ConfigError(
            "[output] key has '..' between slashes",
            found=repr(template),
            expected="folders by their names: S3 has no parents, and a copy on a disk would leave its folder",
        )


def source_fields(key: str) -> Mapping[str, str]:
    """`dir/name`, and `name` as `stem` + `suffix` (`photo` + `.jpg`). Nothing is normalised."""
    directory, _, name = key.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    return {"dir": directory, "name": name, "stem": stem, "suffix": dot + ending}


def output_key(template: str, key: str, task: str, extension: str) -> str:
    """The key of one output. Raises Rejected when it would be longer than S3 allows, or lie in the gallery.

    A source at the top of its bucket has an empty `{dir}`; the slash after it goes, too.
    """
    values = {**source_fields(key), "task": task, "ext": extension}
    if not values["dir"] and not key.startswith("/"):
        template = template.replace("{dir}/", "")
    result = _FIELD.sub(lambda match: values[match[1]], template)
    if result.startswith(GALLERY):
        raise Rejected("ReservedKey", f"outputs cannot lie below {GALLERY}: rename the source's folder")
    size = len(result.encode())
    if size > MAX_KEY_BYTES:
        raise Rejected(
            "OutputKeyTooLong",
            f"the output's key would have {size} bytes, S3 allows {MAX_KEY_BYTES}: shorten the source's key",
        )
    return result


def literal_prefix(template: str) -> str:
    """What every key of the template begins with: its text up to the first field."""
    return template.partition("{")[0]


def check_distinct(template: str, tasks: Iterable[Task]) -> None:
    """Raises ConfigError when two tasks of one source would have the same output key, or keys that only
    differ in case: whoever copies them to a Mac or to Windows would keep one of the two."""
    makers: dict[str, tuple[str, str]] = {}
    for task in tasks:
        key = output_key(template, "folder/source.ext", task.name, task.extension)
        other, others_key = makers.setdefault(key.casefold(), (task.name, key))
        if other == task.name:
            continue
        same = others_key == key
        raise ConfigError(
            "[output] key gives two tasks of a source the same output",
            found=f"'{other}' and '{task.name}' both make {key} from folder/source.ext"
            + ("" if same else ", but for upper and lower case"),
            expected="one key per task, in any case",
            fix="put {task} into [output] key" if same else "rename one of the two tasks",
        )
