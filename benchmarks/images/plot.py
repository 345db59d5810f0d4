"""The main ratios as bars, with their spread and the targets, in one SVG or PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot


def draw(document: Mapping[str, Any], path: Path) -> None:
    """One panel for each of our engines; the file's suffix decides the format."""
    rows: Sequence[Mapping[str, Any]] = document["ratios"]["web5"]
    names = list(dict.fromkeys(row["ours"] for row in rows))
    figure, panels = pyplot.subplots(1, len(names), figsize=(4.6 * len(names), 3.6), squeeze=False)
    for panel, ours in zip(panels[0], names, strict=True):
        _bars(panel, ours, [row for row in rows if row["ours"] == ours])
    on = document["machine"]
    figure.suptitle(f"{on['processor']}, {document['date']}: processor time, five web variants", fontsize=9)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _bars(panel: Any, ours: str, rows: Sequence[Mapping[str, Any]]) -> None:
    words = [f"over {row['other']}" if row["other"] == "floor" else row["other"] for row in rows]
    values = [row["median"] for row in rows]
    spread = [[r["median"] - r["p10"] for r in rows], [r["p90"] - r["median"] for r in rows]]
    panel.barh(words, values, xerr=spread, color="#4477aa", ecolor="#888888")
    for at, row in enumerate(rows):
        if row["target"] is not None:
            panel.plot([row["target"]] * 2, [at - 0.45, at + 0.45], color="#cc3311")
    panel.axvline(1, color="black", linewidth=0.6)
    panel.set_title(f"times {ours} (red: target)", fontsize=9)
    panel.invert_yaxis()
    panel.tick_params(labelsize=8)
