"""Keys from the world as local file names, inside one folder whatever the key says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

from batchkit.errors import ConfigError

# The usual limit of file systems for one name, in bytes (NAME_MAX).
MAX_NAME_BYTES = 255


def local_path(folder: Path, key: str) -> Path:
    """Where the object `key` lies below `folder`. Keys that are no plain paths get safe, distinct names.

    A segment that is empty, `.`, `..`, too long or holds a NUL or backslash is replaced by a hash of the
    key up to it, so `../../etc/passwd` stays inside and two different keys never share a file.
    """
    segments, seen = [], ""
    for segment in key.split("/"):
        seen += "/" + segment
        segments.append(segment if _is_plain(segment) else _hashed(seen))
    return folder.joinpath(*segments)


def keys(paths: Sequence[Path]) -> dict[str, Path]:
    """A key for each file: its path below the folder that all have in common.

    Raises ConfigError for a file that is given twice, or whose name is not UTF-8, as every key is.
    """
    whole = [path.absolute() for path in paths]
    root = os.path.commonpath([path.parent for path in whole]) if whole else ""
    found: dict[str, Path] = {}
    for path in whole:
        key = path.relative_to(root).as_posix()
        if key in found or not _is_utf8(key):
            raise ConfigError(
                "a file cannot become a source",
                found=f"{os.fsencode(path)!r}" + (", given twice" if key in found else ""),
                expected="files with names in UTF-8, each once",
            )
        found[key] = path
    return found


def read(path: Path) -> bytes:
    """The bytes of a file. Raises ConfigError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("a file cannot be read", found=str(error), expected="a readable file") from error


def write(folder: Path, key: str, body: bytes) -> Path:
    """Write `body` where `key` belongs below `folder`, and return the path."""
    path = local_path(folder, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain(segment: str) -> bool:
    unsafe = segment in ("", ".", "..") or any(c in segment for c in "\0\\") or segment.startswith("key-")
    return not unsafe and len(segment.encode()) <= MAX_NAME_BYTES


def _hashed(text: str) -> str:
    return "key-" + hashlib.sha256(text.encode()).hexdigest()[:16]
