"""The image benchmark runs, here with two engines and one small photo, and its arithmetic is right."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("resource")

from benchmarks.images import experiments, photos, report
from benchmarks.images.race import Sample, quantile, ratio


def sample(engine: str, photo: str, cpu: float, number: int = 0) -> Sample:
    return Sample(engine, photo, number, cpu, cpu, {"thumb": int(cpu * 100)})


def test_a_ratio_is_taken_between_samples_of_one_photo_and_round() -> None:
    samples = [sample("a", "one", 1.0), sample("a", "two", 2.0), sample("a", "two", 9.0, number=1)]
    samples += [sample("b", "one", 3.0), sample("b", "two", 8.0)]
    found = ratio(samples, "b", "a")
    assert found is not None
    assert (found.median, found.pairs) == (3.5, 2)
    assert ratio(samples, "c", "a") is None


def test_quantiles_lie_between_the_nearest_values() -> None:
    assert [quantile([1.0, 2.0, 4.0], share) for share in (0, 0.25, 0.5, 1)] == [1.0, 1.5, 2.0, 4.0]


@pytest.mark.parametrize(
    ("other", "median", "target", "met"),
    [
        ("naive", 5.1, 5.0, True),
        ("naive", 4.9, 5.0, False),
        ("floor", 2.0, 2.1, True),
        ("floor", 2.0, None, None),
    ],
)
def test_a_target_is_a_least_ratio_to_others_and_a_largest_one_to_the_floor(
    other: str, median: float, target: float | None, met: bool | None
) -> None:
    assert report.is_met({"other": other, "median": median, "target": target}) is met


def test_the_bytes_of_the_fast_profile_are_counted_by_variant() -> None:
    assert report.bytes_ratio([sample("a", "one", 1.0)], [sample("a", "one", 1.5)]) == {
        "thumb": 1.5,
        "all": 1.5,
    }


def test_photos_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    shots = (photos.Shot("small", (96, 64)),)
    one, other, third = (
        photos.write(shots, tmp_path / str(number), seed)[0].read_bytes()
        for number, seed in enumerate((1, 1, 2))
    )
    assert one == other
    assert one != third


def test_all_of_it_runs(tmp_path: Path) -> None:
    paths = photos.write(photos.SMALL_SHOTS[:1], tmp_path, 7)
    only = frozenset({"naive", "batchkit-pillow"})
    document, likeness = experiments.run(paths, rounds=1, seed=7, quick=True, only=only)
    assert {row["other"] for row in document["ratios"]["web5"]} >= {"naive"}
    assert {one.variant for one in likeness} == {"thumb", "small", "medium", "large", "gray"}
    assert all(one.is_good for one in likeness)
    assert "naive / batchkit-pillow" in report.table(document | {"date": "2026-11-24"})
