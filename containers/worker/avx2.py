"""Compiles Pillow's C module once more, for processors with AVX2, with the resampling of Pillow-SIMD.

    python3 avx2.py SOURCES WHEELS TARGET

SOURCES holds the source archives of Pillow and pillow-simd, WHEELS Pillow's wheel of the same version, whose
codecs the module is linked to: nothing else of Pillow changes. Needs gcc, and the headers of this Python,
libjpeg-turbo, libtiff and zlib; those may be older than Pillow's own libraries, whose ABI they share.
Leaves TARGET/_imaging_avx2.so; pillow_avx2.py lets Pillow find it.

Pillow-SIMD (github.com/uploadcare/pillow-simd) follows Pillow at a distance, and a whole older Pillow would
lack its fixes. Its resize is one file, which compiles with newer headers, too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

RESULT = "_imaging_avx2.so"
# What the wheel brings, by the start of its file's name; zlib is the system's, as for the wheel itself.
LINKED = ("libjpeg-", "libtiff-")
# An own copy of Pillow's resampling replaces this file of Pillow's.
REPLACED = "Resample.c"
TOP = ("_imaging", "decode", "encode", "map", "display", "outline", "path")
OPTIONS = ("-O3", "-mavx2", "-fPIC", "-DNDEBUG", "-w")
HAVE = ("-DHAVE_LIBJPEG", "-DHAVE_LIBZ", "-DHAVE_LIBTIFF")
# Pillow 13 renamed a type of pixels, and Pillow-SIMD includes its intrinsics from a header of its own.
WRAPPED = """
#include "Python.h"
#include "ImPlatform.h"
#include "ImagingSIMD.h"
#ifndef IMAGING_TYPE_SPECIAL
#define IMAGING_TYPE_SPECIAL IMAGING_TYPE_I16
#endif
#include "{resample}"
"""


def compile_module(
    sources: Path, libraries: Path, target: Path, rpath: str = "$ORIGIN/../pillow.libs"
) -> Path:
    """The module, linked to `libraries` (the wheel's pillow.libs); raises CalledProcessError."""
    with TemporaryDirectory() as folder:
        pillow, version = _unpack(sources, "pillow-", Path(folder))
        simd, _ = _unpack(sources, "pillow_simd-", Path(folder))
        objects = _compile(pillow, simd, version, Path(folder))
        found = [str(path) for start in LINKED for path in sorted(libraries.glob(f"{start}*.so*"))]
        target.mkdir(parents=True, exist_ok=True)
        made = target / RESULT
        links = [*found, "-lz", "-lm", f"-Wl,-rpath,{rpath}", "-Wl,--strip-all"]
        subprocess.run(["gcc", "-shared", "-o", made, *objects, *links], check=True)
    return made


def _unpack(sources: Path, start: str, folder: Path) -> tuple[Path, str]:
    """The archive's `src`, and its version."""
    (archive,) = sources.glob(f"{start}*.tar.gz")
    shutil.unpack_archive(archive, folder)
    name = archive.name.removesuffix(".tar.gz")
    return folder / name / "src", name.removeprefix(start)


def _compile(pillow: Path, simd: Path, version: str, folder: Path) -> Sequence[Path]:
    resample = folder / "Resample_avx2.c"
    resample.write_text(WRAPPED.format(resample=simd / "libImaging" / REPLACED), encoding="ascii")
    library = sorted((pillow / "libImaging").glob("*.c"))
    files = [pillow / f"{name}.c" for name in TOP] + [one for one in library if one.name != REPLACED]
    python = sysconfig.get_path("include")
    common = [*OPTIONS, *HAVE, f'-DPILLOW_VERSION="{version}"', f"-I{python}", f"-I{pillow / 'libImaging'}"]

    def compile_one(source: Path) -> Path:
        made = folder / f"{source.stem}.o"
        extra = [f"-I{simd / 'libImaging'}"] if source is resample else []
        subprocess.run(["gcc", *common, *extra, "-c", source, "-o", made], check=True)
        return made

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(compile_one, [*files, resample]))


def main(sources: Path, wheels: Path, target: Path) -> None:
    """As in the module's docstring; without Pillow's sources only an empty TARGET."""
    target.mkdir(parents=True, exist_ok=True)
    if not list(sources.glob("pillow-*.tar.gz")):
        return
    (wheel,) = wheels.glob("pillow-*.whl")
    wanted = f"cp{sys.version_info.major}{sys.version_info.minor}"
    if wanted not in wheel.name:
        sys.exit(
            f"this is Python {wanted}, and {wheel.name} is for another: the compiler's image does not fit"
        )
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as packed:
            for name in packed.namelist():
                if name.startswith("pillow.libs/"):
                    packed.extract(name, folder)
        compile_module(sources, Path(folder, "pillow.libs"), target)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
