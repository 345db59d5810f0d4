"""The gallery's page: files that are put beside the JSON as they are, without a build step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit.gallery import changing
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": changing.JSON,
    ".svg": "image/svg+xml",
}
HEADERS = {"CacheControl": "no-cache"}


@dataclass(frozen=True)
class Placed:
    """An object of the page, as it lies in the output bucket."""

    key: str
    body: bytes
    content_type: str
    headers: Mapping[str, str]


def placed(project: str, url: str) -> Iterator[Placed]:
    """All that the page needs besides what handlers write; `url` is where web pages find the outputs, "" for
    where the page itself is."""
    for name, body in files():
        yield Placed(names.gallery_file(name), body, content_type(name), HEADERS)
    document = changing.encoded(settings(project, url))
    yield Placed(names.gallery_settings(), document, changing.JSON, changing.HEADERS)


def empty() -> Placed:
    """The directory of a gallery in which nothing is yet: browsers complain of a file that is not there."""
    return Placed(names.gallery_directory(), changing.encoded({"parts": []}), changing.JSON, changing.HEADERS)


def files() -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file of the page, in order."""
    for path in sorted(FOLDER.iterdir()):
        yield path.name, path.read_bytes()


def content_type(name: str) -> str:
    """The Content-Type of one of the page's files."""
    return TYPES[Path(name).suffix]


def settings(project: str, url: str, outputs: str = "../") -> changing.Document:
    """What the page knows of its project: `outputs` leads from the page to the outputs."""
    return {"project": project, "url": url, "outputs": outputs}


def key() -> str:
    """Where the page lies in the output bucket."""
    return names.gallery_file(INDEX)
