"""Charts as SVG elements, drawn by pygal and bare of its styles and scripts: the page brings its own."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from batchkit.runs.run_report.timeline import Attempt, End

if TYPE_CHECKING:
    from batchkit.runs.run_report.timeline import Throughput

WIDTH = 900
MARKS = 6
# Seconds between two marks of an axis: those that people count in.
STEPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
ROW_HEIGHT = 12
# What stands around the rows of a timeline.
FRAME = 50

_BARE: dict[str, Any] = {
    "css": [],
    "js": [],
    "margin": 8,
    "width": WIDTH,
    "truncate_label": -1,
    "show_legend": False,
}

# What the colours of each chart mean, in the order of its series.
THROUGHPUT_KEY = ("done or fresh", "rejected or failed")
TIMELINE_KEY = tuple(end.value for end in End)

SVG = "{http://www.w3.org/2000/svg}"


def throughput(found: Throughput) -> Element:
    """Items a second over the run."""
    chart = _library().StackedBar(**_BARE, height=240, show_minor_x_labels=False)
    marks = {int(mark / found.step): clock(mark) for mark in round_marks(0, found.step * len(found.good))}
    chart.x_labels = [marks.get(number, "") for number in range(len(found.good))]
    chart.x_labels_major = list(marks.values())
    for name, values in zip(THROUGHPUT_KEY, (found.good, found.bad), strict=True):
        chart.add(name, [round(value, 3) for value in values])
    return _bare(chart, "throughput", "Items a second over the run")


def timeline(found: Sequence[Attempt], started: float) -> Element:
    """A row for each child, a bar for each of its attempts, coloured by how it ended."""
    rows = {child: row for row, child in enumerate(dict.fromkeys(one.child for one in found))}
    chart = _library().XY(
        **_BARE,
        height=FRAME + ROW_HEIGHT * len(rows),
        show_dots=False,
        allow_interruptions=True,
        inverse_y_axis=True,
        x_value_formatter=clock,
        value_formatter=lambda row: "",
        range=(-1, len(rows)),
    )
    chart.y_labels = [
        {"value": row, "label": f"child {child}"}
        for child, row in rows.items()
        if row % _every(len(rows)) == 0
    ]
    moments = [moment - started for one in found for moment in (one.started, one.stopped)]
    chart.x_labels = list(round_marks(min(0, *moments), max(moments)))
    for end in End:
        chart.add(end.value, _bars((one for one in found if one.end is end), rows, started))
    return _bare(chart, "timeline", "When each child ran, and how its attempts ended")


@cache
def _library() -> Any:
    """pygal, without the finder that it adds to Python's, which has an interface that 3.12 dropped."""
    pygal = import_module("pygal")
    # Not more than that: a backport that pygal imports takes over the finding of entry points.
    sys.meta_path[:] = [one for one in sys.meta_path if not type(one).__module__.startswith("pygal")]
    return pygal


def round_marks(low: float, high: float) -> range:
    """Round seconds from `low` to `high`, at most MARKS steps apart: 0, 10, 20 for half a minute."""
    day = STEPS[-1]
    many = math.ceil((high - low) / (day * MARKS)) * day
    step = next((one for one in STEPS if (high - low) / one <= MARKS), many)
    return range(math.ceil(low / step) * step, math.floor(high) + 1, step)


def clock(seconds: float) -> str:
    """Seconds since the start as `1:02:03`, or `2:03` below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _bars(found: Any, rows: dict[int, int], started: float) -> list[Any]:
    points: list[Any] = []
    for one in found:
        row = rows[one.child]
        # A gap between two bars; else they would be joined by a line.
        points += [(one.started - started, row), (one.stopped - started, row), (None, None)]
    return points


def _every(rows: int) -> int:
    return max(rows // 20, 1)


def _bare(chart: Any, name: str, title: str) -> Element:
    """The chart's tree: no styles, scripts, comments or pygal's own title; named, and told to be an image."""
    chart.uuid = name
    root: Element = chart.render_tree()
    _prune(root, lambda element: isinstance(element.tag, str) and element.tag not in _UNWANTED)
    root.set("role", "img")
    root.set("aria-label", title)
    root.set("class", f"chart {name}")
    return root


_UNWANTED = frozenset({f"{prefix}{tag}" for prefix in ("", SVG) for tag in ("script", "style")})


def _prune(element: Element, keep: Callable[[Element], bool]) -> None:
    for child in list(element):
        if keep(child):
            _prune(child, keep)
        else:
            element.remove(child)
