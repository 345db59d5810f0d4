"""Tests of batchkit.worker.scrubbing: what must not be readable, and what must stay so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.worker.scrubbing import MASK, scrub, scrubbed

TOKEN = "IQoJb3JpZ2luX2VjEJv//////////wEaCXVzLWVhc3QtMSJHMEUCIQDm/Example+Token=="
SIGNATURE = "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

# Each with the parts that must be gone.
LEAKS = [
    ("AKIAIOSFODNN7EXAMPLE", ["AKIA"]),
    ("key ASIAIOSFODNN7EXAMPLE.", ["ASIA"]),
    (f"a bare token {TOKEN}", ["IQoJ", "Token=="]),
    (f"https://b.s3.amazonaws.com/k?X-Amz-Signature={SIGNATURE}", [SIGNATURE]),
    (f"https://b.s3.amazonaws.com/k?X-Amz-Security-Token={TOKEN}&X-Amz-Expires=9", [TOKEN]),
    ("X-Amz-Credential=0123abcd%2F20231114%2Fus-east-1%2Fs3", ["0123abcd"]),
    (f"?next=k%3FX-Amz-Signature%3D{SIGNATURE}", [SIGNATURE]),
    (
        f"https://b.s3.amazonaws.com/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature={SECRET}",
        ["AKIA", SECRET],
    ),
    (
        f"Authorization: AWS4-HMAC-SHA256 Credential=0123abcd/s3, Signature={SIGNATURE}",
        ["0123abcd", SIGNATURE],
    ),
    (f"{{'X-Amz-Security-Token': b'{TOKEN}'}}", [TOKEN]),
    ("x-amz-security-token: 0123abcd", ["0123abcd"]),
    ("AWS_SESSION_TOKEN=0123abcd", ["0123abcd"]),
    (f"aws_secret_access_key = {SECRET}", [SECRET]),
    (f'{{"SecretAccessKey": "{SECRET}", "SessionToken": "0123abcd"}}', [SECRET, "0123abcd"]),
    ("https://me:0123abcd@example.com/", ["0123abcd"]),
]


@pytest.mark.parametrize(("text", "secrets"), LEAKS)
def test_credentials_are_masked_where_they_stand(text: str, secrets: list[str]) -> None:
    found = scrub(f"before {text} after")
    assert not [secret for secret in secrets if secret in found]
    assert MASK in found
    assert found.startswith("before ")
    assert found.endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        "uploads/asiaphotographers2024.jpg",
        "the signature: 89 50 4e 47 is not of a PNG",
        "s3://photos/uploads/a:b@c.jpg",
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=900",
        "f" * 64,
        "u-749daeee743888d4a59df9c2",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert scrub(text) == text


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from (*texts(name), *texts(member))
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)
    elif isinstance(value, str):
        yield value


leaky = st.sampled_from(LEAKS).map(lambda leak: leak[0])
values = st.recursive(
    leaky | st.text() | st.integers() | st.booleans() | st.none() | leaky.map(ValueError),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(leaky | st.text(), inner),
)


@given(values)
def test_no_text_of_a_value_keeps_a_secret_however_deep_it_is(value: Any) -> None:
    found = json.loads(json.dumps(scrubbed(value)))
    assert not [text for text in texts(found) for leak, _ in LEAKS if leak in text]


def test_numbers_keep_their_type() -> None:
    assert scrubbed({"n": 1, "x": 0.5, "yes": True, "none": None}) == {
        "n": 1,
        "x": 0.5,
        "yes": True,
        "none": None,
    }


@pytest.mark.parametrize("text", ["://" + ":" * 100_000, "://" * 50_000, "Signature" * 50_000, "A" * 300_000])
def test_a_long_hostile_text_is_scrubbed_as_it_is(text: str) -> None:
    assert scrub(text) == text
