import ast
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.imagery import encoded, landscape, quarters, turned

import image_facts
from batchkit import recipe
from batchkit.errors import ConfigError, Rejected
from batchkit.job import Job, Original
from image_facts import job


def facts(body: bytes, *names: str) -> dict[str, Any]:
    (result,) = job.make(Original("key", body), job.plan({"facts": list(names)} if names else {}))
    assert result.content_type == "application/json"
    found: dict[str, Any] = json.loads(result.body)
    return found


def differing_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_job_has_the_framework_s_face() -> None:
    assert isinstance(job, Job)
    assert recipe.find_job("image-facts") is job


def test_all_facts_are_one_document() -> None:
    assert list(facts(encoded(quarters(), "PNG"))) == ["dhash", "dimensions", "mean_colour"]


def test_only_the_listed_facts_are_told() -> None:
    assert facts(encoded(quarters((80, 60)), "PNG"), "dimensions") == {
        "dimensions": {"width": 80, "height": 60}
    }


def test_dimensions_are_those_of_the_upright_picture() -> None:
    assert facts(turned(quarters((80, 60)), 6), "dimensions")["dimensions"] == {"width": 60, "height": 80}


def test_the_mean_colour_is_the_mean_of_all_pixels() -> None:
    halves = Image.new("RGB", (64, 64), (0, 100, 200))
    halves.paste((100, 100, 0), (0, 0, 32, 64))
    assert facts(encoded(halves, "PNG"), "mean_colour") == {"mean_colour": "#326464"}


def test_pictures_that_look_alike_have_hashes_that_are_alike() -> None:
    original = landscape((640, 480))
    hashes = [
        facts(body, "dhash")["dhash"]
        for body in (
            encoded(original, "PNG"),
            encoded(original.resize((200, 150)), "JPEG", quality=50),
            encoded(landscape((640, 480), scene=6), "PNG"),
        )
    ]
    assert all(len(text) == 16 for text in hashes)
    assert differing_bits(hashes[0], hashes[1]) <= 8
    assert differing_bits(hashes[0], hashes[2]) > 12


def test_sixteen_bits_and_palettes_are_understood() -> None:
    grey = Image.fromarray(np.full((9, 9), 0x8000, np.uint16))
    assert facts(encoded(grey, "PNG"), "mean_colour") == {"mean_colour": "#808080"}
    palette = Image.new("RGB", (9, 9), "red").convert("P")
    assert facts(encoded(palette, "PNG", transparency=b"\x80"), "mean_colour") == {"mean_colour": "#ff0000"}


def test_the_order_in_the_recipe_does_not_make_outputs_stale() -> None:
    assert job.plan({"facts": ["dhash", "dimensions"]}) == job.plan(
        {"facts": ["dimensions", "dhash", "dhash"]}
    )


@pytest.mark.parametrize("wrong", [{"facts": []}, {"facts": ["colour"]}, {"fact": ["dhash"]}])
def test_a_wrong_recipe_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="fact"):
        job.plan(wrong)


@pytest.mark.parametrize(
    ("body", "error_class"),
    [
        (b"", "Empty"),
        (b"just text", "UnsupportedFormat"),
        (encoded(quarters(), "BMP"), "UnsupportedFormat"),
        (encoded(landscape((64, 48)), "JPEG")[:-100], "Corrupt"),
        (encoded(Image.new("1", (9000, 9000)), "PNG"), "TooManyPixels"),
    ],
)
def test_a_source_that_cannot_be_read_is_rejected(body: bytes, error_class: str) -> None:
    with pytest.raises(Rejected) as caught:
        facts(body)
    assert caught.value.error_class == error_class


def test_a_source_that_needs_more_memory_than_there_is_is_rejected_with_both_figures() -> None:
    body, tasks = encoded(Image.new("RGB", (3000, 2000)), "PNG"), job.plan({})
    with pytest.raises(Rejected, match=r"144 MB; 100 MB are allowed") as caught:
        list(job.within(100_000_000).make(Original("key", body), tasks))
    assert caught.value.error_class == "TooMuchMemory"
    assert list(job.within(200_000_000).make(Original("key", body), tasks))


def test_a_large_jpeg_is_decoded_small_and_its_facts_are_those_of_all_of_it() -> None:
    large = landscape((2400, 1600))
    small, whole = facts(turned(large, 6)), facts(encoded(large.rotate(-90, expand=True), "PNG"))
    assert small["dimensions"] == whole["dimensions"] == {"width": 1600, "height": 2400}
    assert differing_bits(small["dhash"], whole["dhash"]) <= 4
    colours = [bytes.fromhex(each["mean_colour"][1:]) for each in (small, whole)]
    assert max(abs(a - b) for a, b in zip(*colours, strict=True)) <= 2


def test_the_job_knows_nothing_of_variants() -> None:
    folder = Path(image_facts.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("image_variants")


def test_the_document_ends_with_a_line_break() -> None:
    (result,) = job.make(Original("key", encoded(quarters(), "PNG")), job.plan({}))
    assert result.body.endswith(b"}\n")
    assert Image.open(BytesIO(encoded(quarters(), "PNG"))).size == (
        result.facts["width"],
        result.facts["height"],
    )
