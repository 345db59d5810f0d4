"""The gallery as a folder that opens from a disk, without a server and without S3.

A page from a disk may not fetch files, but it may run scripts that lie beside it: so each JSON file becomes
a script that hands it over. Outputs get names that every file system takes: keys come from the world.
"""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batchkit.errors import ConfigError, Rejected
from batchkit.gallery import rows, site
from batchkit.planning import names

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.objects import Objects
    from batchkit.gallery.changing import Document, Files
    from batchkit.gallery.records import Item
    from batchkit.gallery.rows import Row

THREADS = 16

# In the exported page: data comes as scripts, which are allowed by name, and the disk is where it comes from.
_CHANGES = (
    ("<head>", '<head>\n  <meta name="gallery-data" content="scripts">'),
    ("trusted-types 'none'", "trusted-types gallery-data"),
    ("script-src 'self'", "script-src 'self' file:"),
    ("style-src 'self'", "style-src 'self' file:"),
    ("img-src 'self'", "img-src 'self' file:"),
)


@dataclass(frozen=True)
class Exported:
    """What lies in the folder: sources, output files and their bytes."""

    sources: int
    outputs: int
    bytes: int


class Exporter:
    """Copies one bucket's gallery into one folder."""

    def __init__(self, objects: Objects, files: Files, bucket: str, folder: Path) -> None:
        self._objects = objects
        self._files = files
        self._bucket = bucket
        self._folder = folder

    def export(self, project: str, url: str) -> Exported:
        """Raises ConfigError where there is no gallery yet."""
        self._page(project, url)
        parts: dict[str, list[Row]] = defaultdict(list)
        outputs, size = 0, 0
        with ThreadPoolExecutor(THREADS) as pool:
            for key in sorted(self._shelves()):
                shelf = self._files.read(key) or {"sources": {}}
                for length in pool.map(lambda one: self._output(*one), _outputs(shelf)):
                    outputs, size = outputs + (length > 0), size + length
                self._script(key, shelf)
                for identity, record in shelf["sources"].items():
                    parts[names.gallery_part(identity)].append(_row(identity, record))
        for part, found in parts.items():
            self._script(names.gallery_index(part), {"fields": rows.FIELDS, "rows": rows.joined([], found)})
        self._script(names.gallery_directory(), {"parts": sorted(parts)})
        return Exported(sum(map(len, parts.values())), outputs, size)

    def _page(self, project: str, url: str) -> None:
        for name, body in site.files():
            text = exported_page(body.decode()).encode() if name == site.INDEX else body
            self._write(names.gallery_file(name), text)
        self._script(names.gallery_settings(), site.settings(project, url, outputs="./"))

    def _shelves(self) -> set[str]:
        directory = self._files.read(names.gallery_directory())
        if directory is None or not directory["parts"]:
            raise ConfigError(
                "there is no gallery to export yet",
                found=f"nothing in {names.gallery_directory()} of the bucket {self._bucket}",
                expected="a gallery that a finished run has been shown in",
                fix="deploy, and upload something; or make it of the ledger: batchkit gallery --rebuild",
            )
        indexes = (self._files.read(names.gallery_index(part)) for part in directory["parts"])
        return {names.gallery_shelf(row[0]) for index in indexes if index for row in index["rows"]}

    def _output(self, item: Item, file: str) -> int:
        """Copy an output, and note in its item where it lies; its size, 0 for one that is gone."""
        try:
            found = self._objects.get(self._bucket, item["output"])
        except Rejected:  # in an archive
            found = None
        if found is None:
            return 0
        item["file"] = file
        self._write(names.gallery_file(file), found.body)
        return len(found.body)

    def _script(self, key: str, document: Document) -> None:
        name = key.removeprefix(names.gallery_file("data/")).removesuffix(".json")
        text = f"galleryData({json.dumps(name)}, {json.dumps(document)});\n"
        self._write(key.removesuffix(".json") + ".js", text.encode())

    def _write(self, key: str, body: bytes) -> None:
        path = self._folder / key.removeprefix(names.GALLERY)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def exported_page(page: str) -> str:
    """The page's HTML, for a disk."""
    for before, after in _CHANGES:
        page = page.replace(before, after, 1)
    return page


def _outputs(shelf: Document) -> list[tuple[Item, str]]:
    """Each item that has an output, and the file to copy it to: tasks and extensions have safe names."""
    return [
        (item, f"files/{identity}/{task}.{item['output'].rpartition('.')[2]}")
        for identity, record in shelf["sources"].items()
        for task, item in record["items"].items()
        if item["output"]
    ]


def _row(identity: str, record: Document) -> Row:
    items = {task: {**item, "output": item.get("file", "")} for task, item in record["items"].items()}
    return rows.row(identity, {**record, "items": items}, record["rev"])  # type: ignore[typeddict-item]
