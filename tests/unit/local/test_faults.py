"""The text of `--faults`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.local.call_faults import Aim, CallFaults
from batchkit.local.events.faults import Faults as EventFaults
from batchkit.local.faults import Faults, parse

SHARE = st.floats(0, 1)
HALF = st.floats(0, 0.5)


@given(SHARE, SHARE, SHARE, st.integers())
def test_every_fault_and_the_seed_are_read(spot: float, duplicate: float, reorder: float, seed: int) -> None:
    text = f"spot={spot},duplicate={duplicate},reorder={reorder},seed={seed}"
    events = EventFaults(duplicate, reorder, seed=seed)
    assert parse(text) == Faults(spot, seed, events, CallFaults(seed=seed))


@given(HALF, HALF, st.integers())
def test_what_happens_to_calls_is_read(throttle: float, error: float, seed: int) -> None:
    calls = CallFaults(throttle, error, seed)
    assert parse(f"throttle={throttle},error={error},seed={seed}").calls == calls


def test_what_is_not_mentioned_does_not_go_wrong() -> None:
    assert parse("") == Faults()
    assert parse(" spot = 0.2 , seed=7,") == Faults(0.2, 7, EventFaults(seed=7), CallFaults(seed=7))


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("sport=0.2", "'sport'", "did you mean 'spot'?"),
        ("xyzzy=1", "'xyzzy'", "one of spot, duplicate, reorder, throttle, error, seed"),
        ("spot", "'spot', which has no value", "name=value"),
        ("spot=", "spot=", "a share from 0 to 1"),
        ("spot=20", "spot=20", "a share from 0 to 1"),
        ("spot=-0.1", "spot=-0.1", "a share from 0 to 1"),
        ("spot=nan", "spot=nan", "a share from 0 to 1"),
        ("reorder=often", "reorder=often", "a share from 0 to 1"),
        ("seed=0.5", "seed=0.5", "a whole number"),
        ("throttle=0.6,error=0.5", "throttle=0.6 and error=0.5", "1 at most together"),
        ("spot=0.1,spot=0.2", "spot twice", "every fault once"),
    ],
)
def test_an_unreadable_fault_is_told_with_what_was_expected(text: str, found: str, expected: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    assert str(raised.value.found) == found
    assert expected in str(raised.value.expected)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ()),
        ("seed=7", ()),
        ("spot=0.2,error=0.05,seed=7", ("spot=0.2", "error=0.05")),
        ("duplicate=1,lost@SubmitJob:1", ("duplicate=1", "lost@SubmitJob:1")),
    ],
)  # fmt: skip
def test_faults_are_told_as_they_were_asked_for(text: str, told: tuple[str, ...]) -> None:
    assert parse(text).texts == told


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except ConfigError:
        return


def test_a_fault_can_be_aimed_at_one_call() -> None:
    found = parse("throttle@SubmitJob:1, seed=7, lost@PutObject:12").calls
    assert found.aimed == (Aim("throttled", "SubmitJob", 1), Aim("lost", "PutObject", 12))
    assert (found.throttle, found.seed) == (0.0, 7)


@pytest.mark.parametrize("text", ["lost@SubmitJob", "lost@SubmitJob:0", "spot@SubmitJob:1", "@SubmitJob:1"])
def test_an_aim_that_hits_nothing_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        parse(text)
