"""Where a run's sources come from, as a person writes it.

s3://bucket/prefix               every object below the prefix
s3://bucket/…/manifest.json      the objects of an S3 Inventory
keys.txt, or - for stdin         a file of keys or JSON Lines
"""

from __future__ import annotations

from dataclasses import dataclass

from batchkit.errors import ConfigError

STDIN = "-"

_SCHEME = "s3://"
_MANIFEST = "/manifest.json"


@dataclass(frozen=True)
class Prefix:
    """The objects of a bucket whose keys begin with `prefix`."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class InventoryManifest:
    """The objects that an S3 Inventory lists; `key` is its manifest.json."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{_SCHEME}{self.bucket}/{self.key}"


@dataclass(frozen=True)
class KeyFile:
    """The objects that a file names (`path`; `-` is stdin); `bucket` is that of lines which name none."""

    path: str
    bucket: str | None = None

    def __str__(self) -> str:
        return self.path


SourceSpec = Prefix | InventoryManifest | KeyFile


def parse_spec(text: str, bucket: str | None = None) -> SourceSpec:
    """Raises ConfigError for no text, another scheme, and an address without a bucket.

    `bucket` is that of bare keys in a file; a prefix or inventory names its own.
    """
    if not text.startswith(_SCHEME):
        if not text or "://" in text:
            raise _not_a_source(text)
        return KeyFile(text, bucket)
    name, _, key = text.removeprefix(_SCHEME).partition("/")
    if not name:
        raise _not_a_source(text)
    return InventoryManifest(name, key) if f"/{key}".endswith(_MANIFEST) else Prefix(name, key)


def _not_a_source(text: str) -> ConfigError:
    return ConfigError(
        "this does not say where the sources are",
        found=repr(text),
        expected="s3://bucket/prefix, s3://bucket/path/manifest.json of an inventory, a file of keys, or -",
    )
