"""The image engine against Pillow, libvips, sharp, ImageMagick and the bare codecs.

    python -m benchmarks.images [--photos DIR] [--rounds N] [--json FILE] [--plot FILE] [--quick]

Every engine runs in a process of its own and makes the same variants of the same photos in turn, in random
order; what is compared is processor time (of all threads, and of programs started), as ratios of pairs. Fails
when an engine's lossless outputs are not as close to the naive ones as promised.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path

from benchmarks.images import experiments, photos, report
from benchmarks.images.prepare import HOME
from benchmarks.images.quality import Likeness

SEED = 7


def main() -> None:
    """Measure, print, write."""
    arguments = _parser().parse_args()
    shots = photos.SMALL_SHOTS if arguments.quick else photos.SHOTS
    paths = _real(arguments.photos) if arguments.photos else photos.write(shots, HOME / "photos", SEED)
    document, likeness = experiments.run(paths, rounds=arguments.rounds, seed=SEED, quick=arguments.quick)
    document["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    print(report.table(document, targets=not arguments.quick))
    if arguments.json:
        arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    if arguments.plot:
        from benchmarks.images import plot  # noqa: PLC0415 (matplotlib is needed for this only)

        plot.draw(document, arguments.plot)
    sys.exit(_verdict(likeness, quick=arguments.quick))


def _real(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})


def _verdict(likeness: list[Likeness], *, quick: bool) -> str | None:
    """What is wrong with the outputs. Two small pictures are no measure."""
    bad = [f"{one.engine} {one.variant}" for one in likeness if not one.is_good]
    return f"not close enough to the naive outputs: {', '.join(bad)}" if bad and not quick else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs, instead of generated ones")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--plot", type=Path, help="draw the ratios into this SVG or PNG")
    parser.add_argument("--quick", action="store_true", help="two small photos: shows that it runs, no more")
    return parser


if __name__ == "__main__":
    main()
