"""Tests of batchkit.worker.stop: a signal sets a flag and nothing else."""

from __future__ import annotations

import os
import signal

import pytest

from batchkit.worker.stop import SIGNALS, listening


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_sets_the_flag_and_the_former_handler_comes_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with listening() as stop:
        assert not stop.requested
        os.kill(os.getpid(), number)
        assert stop.requested
    assert signal.getsignal(number) is before


def test_the_former_handler_comes_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyError), listening():
        raise KeyError
    assert signal.getsignal(signal.SIGTERM) is before
