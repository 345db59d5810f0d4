"""Tests of batchkit.errors."""

from __future__ import annotations

import inspect

import pytest

from batchkit import errors
from batchkit.errors import BatchkitError, ConfigError, MissingExtra, Rejected


def test_an_error_says_what_happened_what_was_found_what_was_expected_and_what_to_do() -> None:
    error = ConfigError("the door is shut", found="a lock", expected="a handle", fix="find the key")
    assert str(error) == (
        "the door is shut\n  found:    a lock\n  expected: a handle\n  to do:    find the key"
    )


def test_an_error_leaves_out_what_is_not_known() -> None:
    assert str(BatchkitError("it broke")) == "it broke"


def test_what_was_found_is_shown_even_when_it_is_empty_or_zero() -> None:
    assert "found:    0" in str(ConfigError("too few", found=0))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (BatchkitError, 70),
        (errors.InternalError, 70),
        (errors.DataError, 65),
        (errors.Interrupted, 75),
        (errors.Throttled, 75),
        (errors.PermissionDenied, 77),
        (ConfigError, 78),
        (MissingExtra, 78),
    ],
)
def test_each_class_of_errors_has_the_exit_code_of_its_cause(kind: type[BatchkitError], code: int) -> None:
    assert kind.exit_code == code


def test_every_error_ends_the_process_with_a_code_of_sysexits_that_is_not_success() -> None:
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, BatchkitError)]
    assert {kind.exit_code for kind in kinds} == {65, 70, 75, 77, 78}


def test_a_missing_extra_is_told_with_the_line_that_installs_it() -> None:
    assert "pip install 'batchkit[images]'" in str(MissingExtra("preview", "images", "PIL"))


def test_a_rejection_is_no_failure_of_batchkit() -> None:
    with pytest.raises(Rejected) as raised:
        raise Rejected("UnsupportedFormat", "a spreadsheet")
    assert not isinstance(raised.value, BatchkitError)
    assert (raised.value.error_class, raised.value.message) == ("UnsupportedFormat", "a spreadsheet")
    assert str(raised.value) == "UnsupportedFormat: a spreadsheet"
