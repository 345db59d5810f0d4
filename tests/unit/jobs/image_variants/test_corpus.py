"""Every file of the hostile corpus becomes outputs or a named rejection, within its time and memory."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO

import pytest
from PIL import Image
from support import corpus

from batchkit import recipe as recipes
from batchkit.errors import Rejected
from batchkit.job import Original, Output
from batchkit.worker.cell import Limits
from batchkit.worker.isolation import Isolated, is_possible
from batchkit.worker.items import JobRaised

pytestmark = pytest.mark.skipif(not is_possible(), reason="the limits are those of a cell, which needs Linux")

RECIPE = {
    "variants": [
        {"name": "cover", "format": "webp", "resize": {"width": 16, "height": 8, "fit": "cover"}},
        {"name": "wide", "format": "jpeg", "resize": {"width": 40}},
    ],
    "limits": {"max_pixels": 50_000_000, "max_frames": 500},
}
# A second of a fast processor is ample for any of these; memory beside what a fresh cell has.
LIMITS = Limits(cpu_seconds=20, wall_seconds=120, memory_bytes=500 * 2**20)
# What the cell says when the file got the better of the job.
BROKEN = {"Crashed", "Timeout", "OutOfMemory"}
NAMED = re.compile(r"[A-Z][A-Za-z]{3,40}")


def test_nothing_of_it_crashes_hangs_or_takes_what_it_must_not() -> None:
    recipe = recipes.load("image-variants", RECIPE)
    job, ends, wrong = Isolated(recipe, lanes=1, limits=LIMITS), Counter[str](), []
    for name, body in corpus.hostile():
        try:
            results = list(job.make(Original(name, body), recipe.tasks))
        except Rejected as rejected:
            ends[rejected.error_class] += 1
            if rejected.error_class in BROKEN or not NAMED.fullmatch(rejected.error_class):
                wrong.append(f"{name}: {rejected}")
            continue
        except JobRaised as error:
            wrong.append(f"{name}: {error}")
            continue
        ends["made"] += 1
        wrong += [f"{name}: {one}" for one in results if not is_whole(one)]
    job.close()
    assert wrong == []
    assert {"made", "Empty", "Truncated", "Corrupt", "TooManyPixels", "UnsupportedFormat"} <= set(ends)
    assert sum(ends.values()) > 300


def is_whole(result: object) -> bool:
    """Whether it is an output that a reader can decode to its end."""
    if not isinstance(result, Output):
        return False
    with Image.open(BytesIO(result.body)) as image:
        image.load()
        return image.size == (result.facts["width"], result.facts["height"])
