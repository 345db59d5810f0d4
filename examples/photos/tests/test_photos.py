"""What batchkit.toml promises: each variant, and the whole flow on this machine."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from batchkit.testing import Rejected, load_project, make, running

PROJECT = load_project(__file__)


def photo(width: int, height: int) -> bytes:
    """A picture with something to see in it, as JPEG."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()


@pytest.mark.parametrize("task", [task.name for task in PROJECT.recipe.tasks])
def test_every_variant_is_a_picture_no_larger_than_its_source(task: str) -> None:
    made = make(PROJECT, "holiday/beach.jpg", photo(2400, 1600))[task]
    assert not isinstance(made, Rejected), made
    with Image.open(io.BytesIO(made.body)) as variant:
        variant.load()
        assert variant.width <= 2400
        assert variant.height <= 1600


def test_what_is_no_picture_is_rejected_and_never_tried_again() -> None:
    with pytest.raises(Rejected):
        make(PROJECT, "holiday/notes.jpg", b"not a picture")


def test_an_upload_becomes_variants() -> None:
    with running(PROJECT) as stack:
        results = stack.upload("holiday/beach.jpg", photo(2400, 1600))
        assert {result.outcome for result in results.values()} == {"done"}
        assert set(results) == {task.name for task in PROJECT.recipe.tasks}
        for task in results:
            assert stack.output("holiday/beach.jpg", task)
