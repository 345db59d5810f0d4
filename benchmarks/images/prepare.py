"""What the benchmark needs beside batchkit, in one folder of the checkout (.venv/bench): sharp from npm,
Pillow's module with AVX2, the floor's program. Debian's tools are installed where root asks for it.

    python -m benchmarks.images.prepare
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.images import floor, programs
from benchmarks.images.race import ROOT
from containers.worker import avx2, pillow_avx2

HOME = ROOT / ".venv" / "bench"
AVX2 = HOME / "avx2" / avx2.RESULT
SHARP = HOME / "sharp"
SHARP_VERSION = "0.35"
DEBIAN = ("libvips-tools", "imagemagick", "libjpeg62-turbo-dev", "libwebp-dev", "libtiff-dev", "zlib1g-dev")
LOCK = ROOT / "containers/worker/avx2.lock"


def debian() -> None:
    """vipsthumbnail, ImageMagick and the codecs' headers."""
    missing = not all(map(programs.is_installed, programs.PROGRAMS)) or not Path("/usr/include/webp").exists()
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        say(f"not installed, and only root can: apt-get install {' '.join(DEBIAN)}")
        return
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(["apt-get", "install", "-qq", "--no-install-recommends", *DEBIAN], check=True)


def sharp() -> None:
    """sharp and the libvips that it brings."""
    if (SHARP / "node_modules/sharp").exists():
        return
    SHARP.mkdir(parents=True, exist_ok=True)
    (SHARP / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--silent", f"sharp@{SHARP_VERSION}"], cwd=SHARP, check=True)


def simd() -> None:
    """As the worker's image has it, linked to the Pillow of this environment."""
    if AVX2.exists() or not pillow_avx2.has_avx2(Path("/proc/cpuinfo")):
        return
    sources = HOME / "sources"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    subprocess.run(
        [*pip, "--no-binary", ":all:", "--requirement", str(LOCK), "--dest", str(sources)], check=True
    )
    avx2.compile_module(sources, floor.BUNDLED, AVX2.parent, str(floor.BUNDLED))


def main() -> None:
    """All of it; what cannot be had is said, and the benchmark does without."""
    steps: tuple[Callable[[], None], ...] = (debian, sharp, simd)
    for step in steps:
        try:
            step()
        except (OSError, subprocess.CalledProcessError) as error:
            say(f"{step.__name__} is left out: {error}")


def say(line: str) -> None:
    """To the person at the terminal."""
    print(f"benchmarks.images: {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
