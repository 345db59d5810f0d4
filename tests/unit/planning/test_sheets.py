"""Tests of batchkit.planning.sheets."""

from __future__ import annotations

from batchkit.planning.sheets import cells


def test_text_that_a_spreadsheet_would_evaluate_is_disarmed() -> None:
    row = ("=1+1", "+x", "-x", "@x", "\tx", "plain", "", -5, None)
    assert cells(row) == ("'=1+1", "'+x", "'-x", "'@x", "'\tx", "plain", "", -5, None)
