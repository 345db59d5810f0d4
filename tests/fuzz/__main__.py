"""Hostile bytes into the image job, for so many seconds.

    python -m tests.fuzz [--seconds N] [--seed N] [--engine atheris|mutations]

atheris (libFuzzer for Python, where it is installed) is guided by the coverage of the job and of Pillow's
readers; without it they are mutated at random. Both start from small valid files. Every input must become
outputs or a Rejected; what does not is written to the working folder, and the exit code is not 0.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

Check = Callable[[bytes], str]
MAX_BYTES = 65_536
SECONDS_FOR_ONE = 20
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1")


def main(argv: list[str]) -> int:
    """The exit code: 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description="Hostile bytes into the image job.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    best = "atheris" if find_spec("atheris") else "mutations"
    parser.add_argument("--engine", choices=("atheris", "mutations"), default=best)
    arguments = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    print(
        f"fuzzing with {arguments.engine} for {arguments.seconds} s, seed {arguments.seed}", file=sys.stderr
    )
    if arguments.engine == "atheris":
        return _guided(arguments.seconds, arguments.seed)
    return _mutating(arguments.seconds, arguments.seed)


def _guided(seconds: int, seed: int) -> int:
    """libFuzzer ends the process by itself: 0, or 77 with the input in a file called crash-…."""
    import atheris

    with atheris.instrument_imports(include=["image_variants", "PIL"]):
        from support import hostility
    with tempfile.TemporaryDirectory() as folder:
        for name, body in hostility.seeds().items():
            Path(folder, name).write_bytes(body)
        limits = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={MAX_BYTES}"]
        limits += [f"-timeout={SECONDS_FOR_ONE}", "-rss_limit_mb=1500", "-close_fd_mask=2"]
        atheris.Setup([sys.argv[0], *limits, folder], hostility.check)
        atheris.Fuzz()
    return 0


def _mutating(seconds: int, seed: int) -> int:
    from support import hostility

    generator, seeds, count = random.Random(seed), list(hostility.seeds().values()), 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        body = _mutated(generator, seeds)
        try:
            hostility.check(body)
        except Exception as error:
            found = Path(f"crash-{seed}-{count}")
            found.write_bytes(body)
            print(f"{found}: {error!r}", file=sys.stderr)
            return 1
        count += 1
    print(f"{count} inputs, nothing found", file=sys.stderr)
    return 0


def _mutated(generator: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with bytes changed, cut out, doubled, taken from another seed, or made an extreme number."""
    body = bytearray(generator.choice(seeds))
    for _ in range(generator.randint(1, 6)):
        at = generator.randrange(len(body) or 1)
        length = generator.randint(1, 32)
        match generator.randrange(5):
            case 0:
                body[at : at + 1] = bytes([generator.randrange(256)])
            case 1:
                del body[at : at + length]
            case 2:
                body[at:at] = body[at : at + length]
            case 3:
                other = generator.choice(seeds)
                start = generator.randrange(len(other))
                body[at : at + length] = other[start : start + length]
            case _:
                body[at : at + 4] = generator.choice(EXTREMES)
    return bytes(body[:MAX_BYTES])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
