"""The figures as a table for a terminal, and as plain data for JSON; what was promised stands beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.images.race import Sample, ratio

OURS = ("batchkit-pillow", "batchkit-libvips", "batchkit-simd")
# Processor time of the others over ours: at least.
TARGETS: Mapping[str, Mapping[str, float]] = {
    "batchkit-pillow": {
        "naive": 5.0,
        "sharp-each": 1.7,
        "sharp-once": 0.9,
        "vipsthumbnail": 3.5,
        "imagemagick": 6.5,
    },
    "batchkit-libvips": {"naive": 7.0, "sharp-each": 2.2, "sharp-once": 1.15},
    "batchkit-simd": {"naive": 8.5, "sharp-each": 2.9, "sharp-once": 1.45},
}
# Ours over the bare codecs: at most.
FLOOR_TARGETS = {"batchkit-pillow": 2.1, "batchkit-libvips": 1.6, "batchkit-simd": 1.35}
# One variant: others over ours.
SINGLE_TARGETS: Mapping[str, Mapping[str, float]] = {
    "batchkit-libvips": {"sharp-each": 1.0},
    "batchkit-simd": {"sharp-each": 1.0},
}


def ratios(samples: Sequence[Sample], targets: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """For each of our engines that ran: every other engine's processor time as a multiple of it."""
    ran = sorted({one.engine for one in samples})
    rows = []
    for ours in (name for name in OURS if name in ran):
        for other in (name for name in ran if name not in OURS):
            found = ratio(samples, ours, other) if other == "floor" else ratio(samples, other, ours)
            if found is None:
                continue
            limit = FLOOR_TARGETS[ours] if other == "floor" else targets.get(ours, {}).get(other)
            rows.append({"ours": ours, "other": other, **asdict(found), "target": limit})
    return rows


def seconds(samples: Sequence[Sample]) -> dict[str, float]:
    """Mean processor seconds a photo, by engine, over the photos that all of them made in the first round."""
    totals: dict[str, list[float]] = {}
    for one in samples:
        if one.round == 0:
            totals.setdefault(one.engine, []).append(one.cpu)
    return {name: sum(found) / len(found) for name, found in sorted(totals.items())}


def is_met(row: Mapping[str, Any]) -> bool | None:
    """Whether a ratio keeps its target; None without one."""
    if row["target"] is None:
        return None
    good = row["median"] <= row["target"] if row["other"] == "floor" else row["median"] >= row["target"]
    return bool(good)


def bytes_ratio(samples: Sequence[Sample], fast: Sequence[Sample]) -> dict[str, float]:
    """Bytes of the fast profile's outputs for each byte of the usual ones, by variant and in all."""
    usual = {(one.photo, name): size for one in samples for name, size in one.sizes.items()}
    pairs = [(name, size, usual[one.photo, name]) for one in fast for name, size in one.sizes.items()]
    names = sorted({name for name, _, _ in pairs})
    found = {name: _share([(a, b) for n, a, b in pairs if n == name]) for name in names}
    return {**found, "all": _share([(a, b) for _, a, b in pairs])}


def _share(pairs: Sequence[tuple[int, int]]) -> float:
    return sum(a for a, _ in pairs) / sum(b for _, b in pairs)


def table(document: Mapping[str, Any], *, targets: bool = True) -> str:
    """All of it, for people; without the targets where photos are no measure."""
    on = document["machine"]
    lines = [
        f"{on['processor']}, {on['cores']} cores, Python {on['python']}, {on['system']}, {document['date']}",
        f"{len(document['photos'])} photos, {document['rounds']} rounds; {document['versions']}",
    ]
    for title, rows in document["ratios"].items():
        lines += ["", f"{title}: processor time as multiples, median (p10 to p90) of pairs"]
        lines += [_row(row if targets else {**row, "target": None}) for row in rows]
    lines += ["", "processor seconds a photo: " + _pairs(document["seconds"], "{:.3f}")]
    for one in document["likeness"]:
        lines.append(
            f"SSIM {one['engine']:<22} {one['variant']:<8} mean {one['mean']:.4f}  worst {one['worst']:.4f}"
        )
    for one in document["memory"]:
        lines.append(f"peak memory {one['engine']:<22} {one['photo']:<18} {one['megabytes']:.0f} MB")
    for name, found in document["fast"].items():
        lines.append(
            f"fast profile, {name}: {found['cpu']:.2f} of the time; bytes {_pairs(found['bytes'], '{:.3f}')}"
        )
    found = document["framework"]
    lines += [
        (
            f"the worker around the engine ({found['resizer']}): {found['share']:+.1%} of processor time,"
            f" {found['own']:.1%} in its own process"
        ),
        f"two lanes against one: {found['two_lanes']:.2f} times as fast (load {found['load']:.1f})",
    ]
    lines += [f"left out: {line}" for line in document["left_out"]]
    return "\n".join(lines)


def _row(row: Mapping[str, Any]) -> str:
    met = {None: "", True: "kept", False: "MISSED"}[is_met(row)]
    words = f"{row['ours']} / floor" if row["other"] == "floor" else f"{row['other']} / {row['ours']}"
    target = f"target {row['target']}" if row["target"] is not None else ""
    spread = f"({row['p10']:.2f} to {row['p90']:.2f})"
    return f"  {words:<36} {row['median']:>6.2f} {spread:<17} {target:<12} {met}"


def _pairs(values: Mapping[str, float], form: str) -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in values.items())
