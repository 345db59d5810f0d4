"""The wheelhouse: every wheel that the lock names, for the image's Python and processor, kept in a cache.

pip downloads and checks the hashes; a complete wheelhouse is used again without any network.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batchkit import canonical
from batchkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

# PEP 600: a manylinux_2_N wheel runs with glibc 2.N and newer; wheels older than 2.17 are gone from the lock.
OLDEST_GLIBC_MINOR = 17
# The older name of manylinux_2_17 (PEP 599), which pip does not derive from the newer one.
OLD_NAME = "manylinux2014"
WHEELS, ARCHIVES = "*.whl", "*.tar.gz"

HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==", re.MULTILINE)

Run = Callable[[Sequence[str]], None]


@dataclass(frozen=True)
class Target:
    """Where wheels must run: Python ("3.11"), processor ("x86_64", "aarch64"), minor version of glibc 2."""

    python: str
    machine: str
    glibc_minor: int

    @property
    def platforms(self) -> tuple[str, ...]:
        """pip's platform names, best first."""
        minors = range(self.glibc_minor, OLDEST_GLIBC_MINOR - 1, -1)
        return (*(f"manylinux_2_{minor}_{self.machine}" for minor in minors), f"{OLD_NAME}_{self.machine}")


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where wheelhouses lie: `$XDG_CACHE_HOME/batchkit/wheels` (XDG Base Directory Specification)."""
    home = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~"), ".cache").expanduser()
    return Path(home) / "batchkit" / "wheels"


def fill(target: Target, locks: Sequence[Path], cache: Path, run: Run | None = None) -> tuple[Path, ...]:
    """The wheels of the locks, sorted by name; downloaded by `run` unless the cache has them all.

    Raises ConfigError when pip is missing or cannot get them.
    """
    folder = cache / key(target, locks)
    known = {digest for lock in locks for digest in HASH.findall(lock.read_text(encoding="utf-8"))}
    if not is_intact(folder, known):
        shutil.rmtree(folder, ignore_errors=True)
        _download(lambda work: arguments(target, locks, work), folder, run or _run_pip)
    return tuple(sorted(folder.glob("*.whl")))


def fill_sources(lock: Path, cache: Path, run: Run | None = None) -> tuple[Path, ...]:
    """The source archives that a lock names, sorted by name; downloaded once, as the wheels are.

    pip asks an archive for its metadata, for which it needs (and gets) the archive's build tools.
    """
    digest = canonical.digest(lock.read_bytes())
    folder = cache / f"sources-{digest[:16]}"
    if not is_intact(folder, set(HASH.findall(lock.read_text(encoding="utf-8"))), ARCHIVES):
        shutil.rmtree(folder, ignore_errors=True)
        _download(lambda work: source_arguments(lock, work), folder, run or _run_pip)
    return tuple(sorted(folder.glob(ARCHIVES)))


def key(target: Target, locks: Sequence[Path]) -> str:
    """The name of a wheelhouse, from all that decides what is in it."""
    digest = canonical.digest(b"\0".join(lock.read_bytes() for lock in locks))
    return f"cp{target.python}-{target.machine}-glibc2.{target.glibc_minor}-{digest[:16]}"


def is_intact(folder: Path, known: set[str], pattern: str = WHEELS) -> bool:
    """Whether a download came to its end here and every file is one that the locks name."""
    wheels = list(folder.glob(pattern))
    return bool(wheels) and all(hashlib.sha256(w.read_bytes()).hexdigest() in known for w in wheels)


def arguments(target: Target, locks: Sequence[Path], folder: Path) -> list[str]:
    """`pip download`'s command line."""
    platforms = [word for name in target.platforms for word in ("--platform", name)]
    requirements = [word for lock in locks for word in ("--requirement", str(lock))]
    return [
        *("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"),
        *("--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python),
        *platforms,
        *requirements,
        *("--dest", str(folder)),
    ]


def source_arguments(lock: Path, folder: Path) -> list[str]:
    """`pip download`'s command line for source archives; their build tools may come as wheels."""
    named = ",".join(PINNED.findall(lock.read_text(encoding="utf-8")))
    return [
        *("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"),
        *("--no-binary", named, "--requirement", str(lock), "--dest", str(folder)),
    ]


def _download(words: Callable[[Path], Sequence[str]], folder: Path, run: Run) -> None:
    """Into a folder beside its place, then renamed: a folder that exists is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="partial-") as partial:
        work = Path(partial, "wheels")
        work.mkdir()
        run(words(work))
        try:
            work.rename(folder)
        except OSError:
            # Another process was faster, and its wheels are the same.
            if not folder.is_dir():
                raise


def _run_pip(arguments: Sequence[str]) -> None:
    pip = [sys.executable, "-m", "pip"]
    done = subprocess.run([*pip, *arguments], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    missing = "No module named pip" in done.stderr
    raise ConfigError(
        "the packages of the worker's image cannot be downloaded",
        found=done.stderr.strip()[-2000:],
        expected="pip, and a package index that it reaches (once: complete wheelhouses are kept)",
        fix="python -m ensurepip" if missing else "check the network, and `pip config list` for the index",
    )
