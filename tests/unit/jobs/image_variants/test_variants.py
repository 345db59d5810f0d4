import json
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from support.imagery import encoded, landscape, made, quarters

import image_variants
from batchkit import recipe
from batchkit.errors import Rejected
from batchkit.job import Equipped, Failure, Job, Original, Output, Samples
from image_variants import job
from image_variants.resizers.pillow import Pillow

RECIPE: dict[str, Any] = {
    "variants": [
        {"name": "thumb", "format": "webp", "resize": {"width": 20, "height": 20, "fit": "cover"}},
        {"name": "large", "format": "jpeg", "filters": [{"type": "sharpen", "radius": 1.0, "percent": 60}]},
    ]
}


def digests(parameters: dict[str, Any]) -> dict[str, str]:
    loaded = recipe.load("image_variants:job", parameters)
    return {task.name: loaded.task_digest(task) for task in loaded.tasks}


def changed(index: int, **variant: Any) -> dict[str, Any]:
    variants = [dict(v) for v in RECIPE["variants"]]
    variants[index].update(variant)
    return {"variants": variants}


def test_the_job_has_the_framework_s_face() -> None:
    assert isinstance(image_variants.job, Job)
    assert isinstance(image_variants.job, Samples)
    assert recipe.find_job("image-variants") is recipe.find_job("image_variants:job")


def test_the_job_tells_who_resizes() -> None:
    assert isinstance(image_variants.job, Equipped)
    assert replace(image_variants.job, resizer=Pillow()).equipment() == {"resizer": "pillow"}


def test_without_pillow_the_message_says_what_to_install() -> None:
    code = "import sys; sys.modules['PIL'] = None; import image_variants"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'batchkit[images]'" in ran.stderr


def test_numpy_is_loaded_only_by_those_who_need_it() -> None:
    code = "import sys; import image_variants; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tasks_are_the_variants_in_order() -> None:
    assert [(t.name, t.extension) for t in job.plan(RECIPE)] == [("thumb", "webp"), ("large", "jpg")]


def test_parameters_are_plain_json_without_the_name() -> None:
    for task in job.plan(RECIPE):
        assert json.loads(json.dumps(task.parameters))
        assert "name" not in task.parameters


def test_changing_one_variant_makes_only_that_one_stale() -> None:
    before, after = digests(RECIPE), digests(changed(0, quality=70))
    assert before["thumb"] != after["thumb"]
    assert before["large"] == after["large"]


def test_a_default_written_out_makes_nothing_stale() -> None:
    assert digests(RECIPE) == digests(changed(0, quality=80, profile="standard", filters=[]))


def test_raising_a_limit_makes_nothing_stale() -> None:
    assert digests(RECIPE) == digests({**RECIPE, "limits": {"max_pixels": 999}})


def test_limits_of_the_recipe_are_kept() -> None:
    with pytest.raises(Rejected, match="TooManyPixels"):
        made(encoded(quarters(), "PNG"), {"format": "png"}, limits={"max_pixels": 999})


def test_only_the_tasks_asked_for_are_made() -> None:
    tasks = job.plan(RECIPE)
    results = list(job.make(Original("k", encoded(quarters(), "PNG")), tasks[1:]))
    assert [result.task for result in results] == ["large"]
    assert list(job.make(Original("k", b""), [])) == []


def test_the_first_output_comes_before_the_last_is_made() -> None:
    results = iter(job.make(Original("k", encoded(landscape((300, 200)), "PNG")), job.plan(RECIPE)))
    assert next(results).task == "large"
    assert next(results).task == "thumb"


def test_one_impossible_variant_leaves_its_siblings_alone() -> None:
    logo = {"type": "watermark", "image": _base64(Image.new("RGBA", (50, 50), "red"))}
    results = made(
        encoded(quarters((80, 60)), "PNG"),
        {"format": "png", "resize": {"width": 20}, "filters": [logo]},
        {"format": "png", "filters": [logo]},
        {"format": "jpeg", "resize": {"width": 10}},
    )
    assert isinstance(results["v0"], Failure)
    assert results["v0"].rejected.error_class == "WatermarkTooLarge"
    assert isinstance(results["v1"], Output)
    assert isinstance(results["v2"], Output)


def test_facts_can_be_stored_as_object_metadata() -> None:
    for result in made(encoded(quarters(), "PNG"), {"format": "jpeg"}, {"format": "png"}).values():
        assert isinstance(result, Output)
        for name, value in result.facts.items():
            assert name.islower()
            assert isinstance(value, int) or str(value).isascii()


def _base64(image: Image.Image) -> str:
    return b64encode(encoded(image, "PNG")).decode()
