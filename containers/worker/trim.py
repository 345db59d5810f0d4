"""What installed packages carry and the worker never reads: API models of other services, tests, stubs.

botocore 1.44 brings models of some 400 services, 27 MB compressed; the worker calls four.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

# Called by the worker (s3, dynamodb), by operations (batch), by jobs that announce (events), and by
# credential providers.
SERVICES = frozenset({"s3", "dynamodb", "batch", "events", "sts", "sso", "sso-oidc", "signin"})
MODELS = ("botocore/data", "boto3/data")

# numpy imports these only for those who build extensions, type-check, or test.
DEVELOPMENT = (
    "numpy/f2py",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/_pyinstaller",
    "numpy/typing/tests",
    "numpy/random/_examples",
    "numpy/random/lib",
    "boto3/examples",
)
TESTS = frozenset({"tests", "test"})
SUFFIXES = frozenset({".pyi", ".pyx", ".pxd", ".c", ".h", ".a", ".lib"})


def is_needed(path: PurePosixPath) -> bool:
    """Whether the file at `path`, relative to site-packages, stays."""
    text = str(path)
    if any(text.startswith(f"{folder}/") for folder in DEVELOPMENT):
        return False
    if path.suffix in SUFFIXES or TESTS.intersection(path.parts[1:-1]):
        return False
    return not _is_model_of_others(path)


def trim(site: Path) -> int:
    """Delete from site-packages what is not needed; the number of bytes deleted."""
    freed = 0
    for path in sorted(site.rglob("*")):
        if path.is_file() and not is_needed(PurePosixPath(path.relative_to(site))):
            freed += path.stat().st_size
            path.unlink()
    _drop_empty_folders(site)
    return freed


def _is_model_of_others(path: PurePosixPath) -> bool:
    for home in MODELS:
        inside = path.parts[len(PurePosixPath(home).parts) :]
        if path.is_relative_to(home) and len(inside) > 1:
            return inside[0] not in SERVICES
    return False


def _drop_empty_folders(site: Path) -> None:
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            shutil.rmtree(path)
