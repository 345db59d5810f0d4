"""The build context: a tar of the Dockerfile, the wheels, and batchkit's worker with the installed jobs.

It is made the same way from a checkout and from an installed wheel, and the same content gives the same
bytes, whose digest names the image.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from batchkit import __version__, canonical, resources
from batchkit.deploy import code
from batchkit.errors import ConfigError
from batchkit.recipe import ENTRY_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

DISTRIBUTION = "batchkit"
RECIPE_FILES = (
    "Dockerfile",
    "requirements.lock",
    "installer.lock",
    "libvips.lock",
    "avx2.py",
    "pillow_avx2.py",
    "install.py",
    "trim.py",
    "start.py",
)
# What the container starts, and what jobs import.
ENTRIES = ("entry/worker.py", "job.py")
LOCKS = ("requirements.lock", "installer.lock")
LIBVIPS_LOCK = "libvips.lock"
AVX2_LOCK, PYVIPS_LOCK = "avx2.lock", "pyvips.lock"
EPOCH = 0


def locks(*, avx2: bool) -> tuple[Path, ...]:
    """The files that pin the wheels: libvips is there to resize where Pillow has no module for AVX2."""
    return tuple(_own(name) for name in (*LOCKS, *(() if avx2 else (LIBVIPS_LOCK,))))


def source_lock(*, avx2: bool) -> Path:
    """The file that pins the sources: of Pillow's module for AVX2, or of pyvips."""
    return _own(AVX2_LOCK if avx2 else PYVIPS_LOCK)


def pack(wheels: Sequence[Path], sources: Sequence[Path]) -> bytes:
    """The context as an uncompressed tar."""
    return tar(files(wheels, sources))


def files(wheels: Sequence[Path], sources: Sequence[Path]) -> dict[str, bytes]:
    """Path in the context → content. `sources`: the archives of `source_lock`."""
    found = {name: _own(name).read_bytes() for name in RECIPE_FILES}
    found |= {f"wheelhouse/{wheel.name}": wheel.read_bytes() for wheel in wheels}
    found |= {f"sources/{path.name}": path.read_bytes() for path in sources}
    found |= {f"app/{name}": body for name, body in application().items()}
    return found


def application() -> dict[str, bytes]:
    """batchkit's modules that a worker imports, batchkit's own jobs, and the entry points that name them."""
    found = dict(_worker())
    for package in job_packages():
        found |= _package(package)
    info = f"{DISTRIBUTION}-{__version__}.dist-info"
    points = "".join(f"{point.name} = {point.value}\n" for point in job_points())
    found[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: {__version__}\n".encode()
    )
    found[f"{info}/entry_points.txt"] = f"[{ENTRY_POINTS}]\n{points}".encode()
    return found


def job_points() -> tuple[importlib.metadata.EntryPoint, ...]:
    """The jobs that batchkit ships, by name; others' come with an image built FROM this one."""
    points = importlib.metadata.distribution(DISTRIBUTION).entry_points.select(group=ENTRY_POINTS)
    return tuple(sorted(points, key=lambda point: point.name))


def job_packages() -> tuple[str, ...]:
    """The top-level packages of those jobs."""
    return tuple(sorted({point.module.partition(".")[0] for point in job_points()}))


def tar(content: Mapping[str, bytes]) -> bytes:
    """The same files give the same bytes, whoever packs them, whenever."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(content):
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content[name]), 0o644, EPOCH
            archive.addfile(info, io.BytesIO(content[name]))
    return body.getvalue()


def digest(context: bytes, *decided: str) -> str:
    """Names an image: 12 hexadecimal digits from the context and what else decides its content."""
    return canonical.digest("\0".join((canonical.digest(context), *decided)).encode())[:12]


def _worker() -> Iterator[tuple[str, bytes]]:
    root = Path(resources.__file__).parent
    entries = [root / entry for entry in ENTRIES]
    named = {_module(entry) for entry in ENTRIES}
    for module in sorted(code.closure(entries) | named | {"batchkit.entry"}):
        path = _source(root, module)
        yield str(PurePosixPath(DISTRIBUTION, *path.relative_to(root).parts)), path.read_bytes()


def _source(root: Path, module: str) -> Path:
    path = root.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _module(entry: str) -> str:
    return ".".join((DISTRIBUTION, *PurePosixPath(entry).with_suffix("").parts))


def _package(name: str) -> dict[str, bytes]:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"the job package '{name}' is not there",
            found="no package of that name",
            fix="install batchkit again: the installation is incomplete",
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    return {
        str(PurePosixPath(name, *path.relative_to(root).parts)): path.read_bytes() for path in _data(root)
    }


def _data(root: Path) -> Iterable[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _own(name: str) -> Path:
    return resources.path(f"containers/worker/{name}")
