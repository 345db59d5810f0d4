"""Tests of batchkit.worker.telemetry: lines that CloudWatch, and a person, can read."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.moto_world import Clock

from batchkit.errors import ConfigError
from batchkit.planning.states import Counts
from batchkit.worker.assignment import read_assignment
from batchkit.worker.telemetry import DIMENSIONS, STAGES, UNITS, Telemetry

BULK = read_assignment(
    ["bulk", "b-1", "d" * 64, "10", "5", "20", "1"],
    {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ATTEMPT": "2"},
)

# The units of CloudWatch's MetricDatum that are used here, and the limits of the embedded format's schema.
CLOUDWATCH_UNITS = {"Count", "Count/Second", "Bytes", "Milliseconds"}


class Log:
    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.telemetry = Telemetry(self.stream, Clock(1000), Clock(0))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Log:
    return Log()


def test_every_line_names_run_child_and_attempt(log: Log) -> None:
    log.telemetry.identify(BULK)
    log.telemetry.log("hello", key="ä\n\udcff")
    (line,) = log.lines
    assert line == {
        "time": 1_000_000,
        "level": "info",
        "message": "hello",
        "run": "b-1",
        "child": 21,
        "attempt": 2,
        "key": "ä\n\udcff",
    }


def test_an_error_says_what_was_found_and_expected_and_what_to_do(log: Log) -> None:
    log.telemetry.trouble("cannot start", ConfigError("no table", found=None, expected=3, fix="deploy"))
    (line,) = log.lines
    assert (line["error"], line["what"]) == ("ConfigError", "no table")
    assert (line["expected"], line["fix"]) == ("3", "deploy")
    assert "found" not in line


def test_a_crash_carries_its_traceback(log: Log) -> None:
    log.telemetry.crash("bug", ValueError("oops"))
    assert "ValueError: oops" in log.lines[0]["traceback"]


PRESIGNED = (
    "https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20231114%2Fus-east-1%2Fs3"
    "&X-Amz-Security-Token=0123abcd&X-Amz-Signature=0123abcd"
)


def test_a_crash_shows_no_credentials(log: Log) -> None:
    try:
        raise ValueError(f"cannot read {PRESIGNED}")
    except ValueError as error:
        log.telemetry.crash("bug", error)
    assert "cannot read https://b.s3" in log.lines[0]["traceback"]
    assert "0123abcd" not in log.stream.getvalue()
    assert "AKIA" not in log.stream.getvalue()


def test_an_error_of_batchkits_own_shows_no_credentials(log: Log) -> None:
    log.telemetry.trouble("cannot start", ConfigError(PRESIGNED, found=PRESIGNED, expected=PRESIGNED))
    log.telemetry.log(PRESIGNED, facts={"urls": [PRESIGNED]})
    assert "0123abcd" not in log.stream.getvalue()
    assert "AKIA" not in log.stream.getvalue()


def test_metrics_follow_the_specification_of_the_embedded_format(log: Log) -> None:
    log.telemetry.identify(BULK)
    log.telemetry.metrics("photos", "bulk", Counts(done=3, failed=1))
    (line,) = log.lines
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert directive["Namespace"] == "batchkit"
    assert directive["Dimensions"] == [list(DIMENSIONS)] == [["Project", "Lane"]]
    assert (line["Project"], line["Lane"]) == ("photos", "bulk")
    assert {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]} == dict(UNITS)
    assert set(UNITS.values()) <= CLOUDWATCH_UNITS
    assert all(isinstance(line[name], int | float) for name in UNITS)
    assert line["Items"] == 4


@pytest.mark.parametrize("stage", STAGES)
def test_the_time_of_each_stage_adds_up(log: Log, stage: Any) -> None:
    for _ in range(3):
        with log.telemetry.timed(stage):
            pass
    log.telemetry.metrics("photos", "bulk", Counts())
    assert log.lines[0][f"{stage.capitalize()}Milliseconds"] == 3000


def test_items_a_second_count_from_the_childs_start(log: Log) -> None:
    log.telemetry.metrics("photos", "bulk", Counts(done=4))
    assert log.lines[0]["ItemsPerSecond"] == 4


def test_lines_of_many_threads_do_not_mix(log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.telemetry.log("hello", n=n), range(200)))
    assert sorted(line["n"] for line in log.lines) == list(range(200))
