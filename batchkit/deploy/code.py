"""The Lambda functions' code: one zip file with exactly the modules that the handlers import.

The same sources give the same bytes, whenever and wherever they are packed, so an unchanged file
changes nothing that is deployed.
"""

from __future__ import annotations

import ast
import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit import canonical, resources
from batchkit.planning import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE = "batchkit"

# The earliest time that a zip file can say.
EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE = 0o100644 << 16


@dataclass(frozen=True)
class Code:
    """A zip file."""

    body: bytes

    @cached_property
    def key(self) -> str:
        """Where it lies in the artifacts bucket: its name is its digest."""
        return names.code_key(canonical.digest(self.body))


def pack() -> Code:
    """The handlers at the root, and below `batchkit/` what they need of it."""
    handlers = sorted(resources.path("eventbridge/handlers").glob("*.py"))
    files = {path.name: path for path in handlers}
    for module in closure(handlers):
        path = _path(module)
        files[str(Path(PACKAGE) / path.relative_to(_root()))] = path
    return Code(_zip(files))


def closure(entries: Iterable[Path]) -> set[str]:
    """The modules of batchkit that the files import when they run, and the packages around them."""
    found: set[str] = set()
    waiting = [name for path in entries for name in _imports(path)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [name.rpartition(".")[0]] if "." in name else []
            waiting += _imports(_path(name))
    return found


def _imports(path: Path) -> Iterator[str]:
    """batchkit's modules that a file names in its imports, those for type checkers left out."""
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            yield node.module
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in inner if _exists(name))
        elif not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            waiting += ast.iter_child_nodes(node)


def _is_ours(module: str) -> bool:
    return module.split(".", maxsplit=1)[0] == PACKAGE


def _root() -> Path:
    return Path(resources.__file__).parent


def _candidates(module: str) -> tuple[Path, Path]:
    path = _root().joinpath(*module.split(".")[1:])
    return path / "__init__.py", path.with_suffix(".py")


def _exists(module: str) -> bool:
    return any(path.is_file() for path in _candidates(module))


def _path(module: str) -> Path:
    return next(path for path in _candidates(module) if path.is_file())


def _zip(files: dict[str, Path]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, READABLE
            archive.writestr(info, files[name].read_bytes())
    return body.getvalue()
