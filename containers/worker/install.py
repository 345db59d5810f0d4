"""Runs inside `docker build`: wheels into /opt/batchkit, trimmed and compiled.

/opt/batchkit is a virtual environment without pip; /opt/batchkit/app, on its path, holds batchkit and
the jobs. An image built FROM this one adds a job by copying its package there.
"""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode

import trim

BUILD = Path("/build")
HOME = Path("/opt/batchkit")
APP = HOME / "app"
# What venv and wheels put beside the interpreter is for people at a terminal.
PROGRAMS = "python*"
AVX2 = "_imaging_avx2.so"


def packages() -> None:
    """Make the environment: exactly what the lock names, each wheel with its hash."""
    venv.create(HOME, symlinks=True)
    (installer,) = (BUILD / "wheelhouse").glob("pip-*.whl")
    offline = ["--no-index", "--find-links", str(BUILD / "wheelhouse"), "--only-binary", ":all:"]
    strict = ["--require-hashes", "--no-deps", "--no-compile"]
    strict += [word for lock in locks() for word in ("--requirement", str(BUILD / lock))]
    quiet = ["--quiet", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action", "ignore"]
    subprocess.run(
        [HOME / "bin/python3", installer / "pip", "install", *offline, *strict, *quiet], check=True
    )
    (site,) = HOME.glob("lib/python3.*/site-packages")
    print(f"trimmed {trim.trim(site) / 1e6:.1f} MB")
    (site / "app.pth").write_text(f"{APP}\n", encoding="utf-8")
    if (BUILD / "avx2" / AVX2).exists():
        add_avx2(site)
    for archive in (BUILD / "sources").glob("pyvips-*.tar.gz"):
        add_pyvips(archive, site)
    drop_programs(HOME / "bin")
    compile_all(site)
    APP.mkdir()


def locks() -> list[str]:
    """libvips comes with the wheelhouse of an image that has no Pillow with AVX2."""
    with_libvips = any((BUILD / "wheelhouse").glob("pyvips_binary-*.whl"))
    return ["requirements.lock", *(["libvips.lock"] if with_libvips else [])]


def application() -> None:
    """Compile what was copied into `app`."""
    compile_all(APP)


def add_avx2(site: Path) -> None:
    """Pillow's module for processors with AVX2, and the lines that let Python find it when it starts."""
    shutil.copy(BUILD / "avx2" / AVX2, site / "PIL" / AVX2)
    shutil.copy(BUILD / "pillow_avx2.py", site / "pillow_avx2.py")
    (site / "pillow_avx2.pth").write_text("import pillow_avx2; pillow_avx2.prefer()\n", encoding="utf-8")


def add_pyvips(archive: Path, site: Path) -> None:
    """The modules that the archive holds in its folder pyvips: nothing of it needs building."""
    (site / "pyvips").mkdir()
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            path = PurePosixPath(member.name)
            if path.match("pyvips-*/pyvips/*.py") and (body := packed.extractfile(member)):
                (site / "pyvips" / path.name).write_bytes(body.read())


def drop_programs(folder: Path) -> None:
    """Leave the interpreter only."""
    kept = set(folder.glob(PROGRAMS))
    for path in set(folder.iterdir()) - kept:
        path.unlink()


def compile_all(folder: Path) -> None:
    """Compile for good: an image's files do not change, so nothing needs to compare their times."""
    mode = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=1, workers=1, invalidation_mode=mode):
        sys.exit(f"some files in {folder} cannot be compiled")


if __name__ == "__main__":
    {"packages": packages, "application": application}[sys.argv[1]]()
