"""S3 Inventories as S3 writes them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.moto_world import World

FOLDER = "inv/uploads/all/2026-01-04T01-00Z"
MANIFEST = f"{FOLDER}/manifest.json"

CURRENT = "Bucket, Key, Size, LastModifiedDate, ETag"
VERSIONS = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag"

MODIFIED = "2023-11-14T22:13:20.000Z"
MODIFIED_SECONDS = 1_700_000_000


def row(key: str, **values: Any) -> dict[str, str]:
    """A row as its columns' names and values; the key is raw."""
    facts = {"Key": key, "Bucket": "uploads", "Size": "5", "LastModifiedDate": MODIFIED, "ETag": "e"}
    flags = {"VersionId": "v1", "IsLatest": "true", "IsDeleteMarker": "false"}
    return {**facts, **flags, **values}


def csv_file(schema: str, rows: Sequence[Mapping[str, str]]) -> bytes:
    """A data file: gzipped, without a header, everything quoted, keys URL-encoded."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for one in rows:
        encoded = {**one, "Key": quote_plus(one["Key"], safe="/")}
        writer.writerow([encoded[name] for name in schema.split(", ")])
    return gzip.compress(text.getvalue().encode())


def store(world: World, schema: str, *files: bytes, **changes: Any) -> str:
    """Put an inventory's files, manifest and checksum into the artifacts bucket; the manifest's key."""
    listed = []
    for number, body in enumerate(files):
        key = f"inv/uploads/all/data/{number}"
        world.clients.s3.put_object(Bucket=world.artifacts, Key=key, Body=body)
        listed.append({"key": key, "size": len(body), "MD5checksum": md5(body)})
    manifest = {
        "sourceBucket": "uploads",
        "destinationBucket": f"arn:aws:s3:::{world.artifacts}",
        "version": "2016-11-30",
        "creationTimestamp": "1767488400000",
        "fileFormat": "CSV",
        "fileSchema": schema,
        "files": listed,
    }
    put_manifest(world, json.dumps({**manifest, **changes}).encode())
    return MANIFEST


def put_manifest(world: World, body: bytes) -> None:
    """Put manifest.json, and the sum that goes with it."""
    world.clients.s3.put_object(Bucket=world.artifacts, Key=MANIFEST, Body=body)
    checksum = md5(body).encode() + b"\n"
    world.clients.s3.put_object(Bucket=world.artifacts, Key=f"{FOLDER}/manifest.checksum", Body=checksum)


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
