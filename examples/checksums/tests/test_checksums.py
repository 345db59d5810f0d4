"""The job with bytes, and the whole flow on this machine."""

from __future__ import annotations

import hashlib
import json

import pytest

from batchkit.testing import Rejected, load_project, make, running

PROJECT = load_project(__file__)


def test_a_document_has_the_checksum_that_everybody_computes() -> None:
    made = make(PROJECT, "inbox/a.txt", b"hello")["sha256"]
    assert not isinstance(made, Rejected)
    assert json.loads(made.body)["sha256"] == hashlib.sha256(b"hello").hexdigest()


def test_an_empty_document_is_rejected() -> None:
    with pytest.raises(Rejected, match="nothing to sum up"):
        make(PROJECT, "inbox/empty.txt", b"")


def test_an_upload_becomes_checksums_and_another_type_is_refused() -> None:
    with running(PROJECT) as stack:
        results = stack.upload("inbox/a.txt", b"hello")
        assert {task: result.outcome for task, result in results.items()} == dict.fromkeys(results, "done")
        assert b"blake2b" in (stack.output("inbox/a.txt", "blake2b") or b"")
        (refused,) = stack.upload("inbox/a.exe", b"MZ").values()
        assert refused.outcome == "rejected"
