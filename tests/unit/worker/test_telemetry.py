"""Tests of batchkit.worker.telemetry: lines that CloudWatch, and a person, can read."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.embedded import check_embedded
from support.moto_world import Clock

from batchkit.errors import ConfigError
from batchkit.planning import metrics
from batchkit.planning.states import Counts
from batchkit.worker.assignment import read_assignment
from batchkit.worker.telemetry import STAGES, Telemetry

BULK = read_assignment(
    ["bulk", "b-1", "d" * 64, "10", "5", "20", "1"],
    {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ATTEMPT": "2"},
)


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


PLACE = {"Project": "photos", "Lane": "bulk"}


def test_a_child_publishes_what_it_did_once_by_outcome(log: Log) -> None:
    log.telemetry.identify(BULK)
    for what, value in (("Sources", 2), ("BytesIn", 10.0), ("BytesOut", 7)):
        log.telemetry.add(what, value)
    log.telemetry.metrics(PLACE, Counts(done=3, fresh=2, rejected=1, failed=1), publish=True)
    (line,) = log.lines
    check_embedded(line)
    published = {name: line[name] for name in metrics.CHILD.units}
    assert published == {
        "Items": 7,
        "Done": 3,
        "Rejected": 1,
        "Failed": 1,
        "Sources": 2,
        "BytesIn": 10,
        "BytesOut": 7,
        "Seconds": 1,
    }
    assert (line["Project"], line["Lane"], line["child"], line["fresh"]) == ("photos", "bulk", 21, 2)


def test_a_child_of_a_project_without_alarms_publishes_nothing_and_logs_the_same(log: Log) -> None:
    log.telemetry.metrics(PLACE, Counts(done=3), publish=False)
    (line,) = log.lines
    assert "_aws" not in line
    assert (line["Items"], line["Done"], line["Lane"]) == (3, 3, "bulk")


@pytest.mark.parametrize("stage", STAGES)
def test_the_time_of_each_stage_adds_up(log: Log, stage: Any) -> None:
    for _ in range(3):
        with log.telemetry.timed(stage):
            pass
    log.telemetry.metrics(PLACE, Counts(), publish=True)
    assert log.lines[0]["milliseconds"][stage] == 3000


def test_items_a_second_count_from_the_childs_start(log: Log) -> None:
    log.telemetry.metrics(PLACE, Counts(done=4), publish=True)
    assert log.lines[0]["items_per_second"] == 4


def test_lines_of_many_threads_do_not_mix(log: Log) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.telemetry.log("hello", n=n), range(200)))
    assert sorted(line["n"] for line in log.lines) == list(range(200))
