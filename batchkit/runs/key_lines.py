"""A file that names objects, one a line.

    uploads/a b.jpg                                    a key, as it is, in the bucket that was given
    s3://bucket/uploads/a b.jpg                        a bucket and a key, as it is
    {"key": "uploads/a b.jpg", "bucket": "…", …}       JSON: every line that begins with a brace

JSON lines may have `bucket`, `etag`, `size` (bytes), `modified` (epoch seconds) and `tasks`, as the lines of
a manifest; a `version` is refused, and other members are passed over. Spaces belong to a key; empty lines
name nothing. Lines end with \\n or \\r\\n. A key that begins with a brace or with `s3://`, or holds a
newline, needs JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from batchkit.errors import DataError
from batchkit.planning.manifest import Source
from batchkit.planning.selection import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

# "The maximum key length is 1,024 bytes" of UTF-8 (S3 User Guide, Naming objects).
MAX_KEY_BYTES = 1024

# Beyond a line that names all tasks of a long key, with every character escaped; bounds the memory.
MAX_LINE_BYTES = 2**18

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SCHEME = "s3://"
_Natural = Annotated[int, msgspec.Meta(ge=0)]


class Line(msgspec.Struct):
    """A line of JSON."""

    key: str
    bucket: str = ""
    etag: str = ""
    size: _Natural | None = None
    version: str = ""
    modified: _Natural | None = None
    tasks: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Line)


def read(file: BinaryIO, name: str, bucket: str | None = None) -> Iterator[Listed]:
    """The objects that `file` names, line by line, in constant memory; `bucket` is that of lines without one.

    Raises DataError with `name` and the number of the line that names no object.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        text = line.removesuffix(b"\n").removesuffix(b"\r")
        if not text:
            continue
        try:
            yield _listed(text, bucket or "")
        except ValueError as error:
            raise DataError(
                f"line {number} of {name} names no object",
                found=f"{error}: {_shown(text)}",
                expected='a key, s3://bucket/key, or JSON such as {"bucket": "…", "key": "…"}',
            ) from error


def _listed(text: bytes, bucket: str) -> Listed:
    """Raises ValueError (msgspec's errors and UnicodeDecodeError are some)."""
    if len(text) >= MAX_LINE_BYTES - 1:
        raise ValueError(f"more than {MAX_LINE_BYTES:,} bytes")
    line = _decoder.decode(text) if text.startswith(b"{") else _bare(text.decode())
    if line.version:
        # What is made of a key is made of its current object, whichever version was current once.
        raise ValueError('a version cannot be asked for: leave "version" out for the current object')
    bucket = line.bucket or bucket
    if not bucket:
        raise ValueError("it names no bucket, and none was given beside the file")
    if not 1 <= len(line.key.encode()) <= MAX_KEY_BYTES:
        raise ValueError(f"a key has 1 to {MAX_KEY_BYTES:,} bytes")
    # A source with an etag is one whose size is known.
    etag = "" if line.size is None else line.etag.strip('"')
    source = Source(bucket, line.key, etag, line.size or 0, line.tasks)
    return Listed(source, line.size, line.modified)


def _bare(text: str) -> Line:
    if not text.startswith(_SCHEME):
        return Line(text)
    bucket, _, key = text.removeprefix(_SCHEME).partition("/")
    if not bucket:
        raise ValueError("it names no bucket")
    return Line(key, bucket)


def _shown(text: bytes) -> str:
    """The line's beginning, with nothing in it that a terminal obeys."""
    return ascii(text[:80].decode("utf-8", "replace"))
