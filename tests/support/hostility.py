"""The promise that fuzzers hold the image job to: outputs that can be read, or a Rejected with a name."""

from __future__ import annotations

import re
from io import BytesIO

from PIL import Image

from batchkit.errors import Rejected
from batchkit.job import Failure, Original, Output
from image_variants import job
from support import corpus

TASKS = job.plan(
    {
        "variants": [
            {"name": "cover", "format": "jpeg", "resize": {"width": 16, "height": 8, "fit": "cover"}},
            {"name": "pad", "format": "png", "resize": {"width": 20, "height": 20, "fit": "fill"}},
            {
                "name": "keep",
                "format": "gif",
                "animation": "keep",
                "resize": {"width": 16, "height": 8, "fit": "cover", "gravity": "entropy"},
                "facts": ["blurhash", "colour"],
            },
            {"name": "page", "format": "png", "page": 2, "resize": {"width": 16}},
        ],
        "limits": {"max_pixels": 1_000_000, "max_frames": 50},
    }
)
NAMED = re.compile(r"[A-Z][A-Za-z]{3,40}")


def seeds() -> dict[str, bytes]:
    """Small valid files to start from, by name."""
    return corpus.whole()


def check(body: bytes) -> str:
    """`made`, or the class of the rejection. Raises AssertionError when the promise is broken, and whatever
    the job raises against its word."""
    try:
        results = list(job.make(Original("any", body), TASKS))
    except Rejected as rejected:
        assert NAMED.fullmatch(rejected.error_class)
        assert rejected.message
        return rejected.error_class
    assert {result.task for result in results} == {"cover", "pad", "keep", "page"}
    for result in results:
        if isinstance(result, Failure):
            assert NAMED.fullmatch(result.rejected.error_class)
            continue
        assert isinstance(result, Output)
        with Image.open(BytesIO(result.body)) as image:
            image.load()
            assert image.size == (result.facts["width"], result.facts["height"])
    return "made"
