"""Tests of batchkit.cli.status_output."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchkit.cli.status_output import print_status
from batchkit.planning.states import Counts, RunState
from batchkit.runs.status import Status, Trouble

CRASHED = Trouble(
    count=1200,
    failure_class="recipe",
    error_class="Crashed",
    fingerprint="Crashed: the worker died (exit code <n>)",
    key="in/\x1b[31mx.txt",
    message="the worker died (exit code 3)",
    child="0:1",
    log_stream="s",
    fix="batchkit logs b-1 --failed",
)
RUNNING = Status(
    run="b-1",
    lane="bulk",
    state=RunState.RUNNING,
    counts=Counts(done=8, failed=12, bytes=2000),
    sources=10,
    source="s3://in/",
    job="",
    recipe="d",
    bad=(),
    items=40,
    children=20,
    cost=0.5,
    started=1_700_000_000,
    seconds=95,
    statuses={"FAILED": 1, "RUNNING": 9, "SUCCEEDED": 10},
    dead=1,
    usd=0.0012,
    troubles=(CRASHED,),
    kinds=3,
)


def told(found: Status, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    print_status(found)
    lines = capsys.readouterr().out.splitlines()
    return {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in lines}


def test_a_run_that_goes_on_says_how_far_it_is_what_it_costs_and_what_goes_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_status(RUNNING)
    assert capsys.readouterr().out == (
        "run       b-1\n"
        "state     RUNNING\n"
        "source    s3://in/\n"
        "items     8 done, 0 fresh, 0 rejected, 12 failed; 20 of 40\n"
        "children  11 of 20 have ended (1 failed, 9 running, 10 succeeded)\n"
        "time      1 min 35 s, since 2023-11-14 22:13:20 UTC\n"
        "cost      0.0012 USD so far, planned 0.50 USD\n"
        "outputs   2.0 kB\n"
        "\n"
        "1,200 items, Crashed (recipe): the worker died (exit code 3)\n"
        "  example: in/\\x1b[31mx.txt, child 0:1\n"
        "  to do:   batchkit logs b-1 --failed\n"
        "and 2 more kinds of errors: the report has all\n"
    )


def test_a_run_that_has_ended_says_where_its_report_lies_and_how_to_do_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = replace(
        RUNNING,
        state=RunState.PARTIAL,
        cancelled=1,
        cancel_reason="wrong folder",
        report="s3://a/report.jsonl",
        retry="batchkit retry b-1",
        retried_by=("b-2", "b-3"),
    )
    facts = told(ended, capsys)
    assert facts["state"] == "PARTIAL (cancelled: wrong folder)"
    assert facts["children"] == "20; 1 failed"
    assert facts["cost"] == "0.0012 USD, planned 0.50 USD"
    assert facts["report"] == "s3://a/report.jsonl"
    assert facts["page"] == "batchkit report b-1 --open"
    assert (facts["retried by"], facts["retry"]) == ("b-2, b-3", "batchkit retry b-1")


def test_of_an_upload_only_its_record_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    facts = told(replace(RUNNING, lane="upload", items=0, troubles=(), kinds=0), capsys)
    assert set(facts) == {"run", "state", "source", "items", "outputs"}
