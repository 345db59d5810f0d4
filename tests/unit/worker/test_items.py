"""Tests of batchkit.worker.items: what an error looks like in the ledger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import InternalError, Rejected
from batchkit.worker.items import MAX_MESSAGE, describe


@given(st.text())
def test_a_message_is_one_printable_line_of_bounded_length(text: str) -> None:
    for error in (ValueError(text), Rejected("Bad", text), InternalError(text, found=text)):
        name, message = describe(error)
        assert name == ("Bad" if isinstance(error, Rejected) else type(error).__name__)
        assert len(message) <= MAX_MESSAGE
        assert message.isprintable()


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=0123abcd&X-Amz-Security-Token=0123abcd",
        "Credential=0123abcd/20231114/us-east-1/s3",
        "https://0123:0123abcd@example.com/",
    ],
)
def test_credentials_do_not_get_into_a_message(secret: str) -> None:
    _, message = describe(ValueError(f"cannot read {secret} now"))
    assert "0123abcd" not in message
    assert "AKIA" not in message
    assert message.startswith("cannot read ")


def test_a_long_message_says_that_it_was_cut() -> None:
    assert describe(ValueError("x" * 600))[1] == "x" * (MAX_MESSAGE - 1) + "…"


def test_an_error_of_batchkits_own_says_what_was_found() -> None:
    assert describe(InternalError("a fact is impossible", found="nan"))[1] == "a fact is impossible: nan"
