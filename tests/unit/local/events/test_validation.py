from __future__ import annotations

from typing import Any

import pytest

from batchkit.local.events.validation import problem


def target(**members: Any) -> dict[str, Any]:
    return {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:123456789012:q", **members}


def transformer(template: str, **paths: str) -> dict[str, Any]:
    return target(InputTransformer={"InputTemplate": template, "InputPathsMap": paths})


@pytest.mark.parametrize(
    "accepted",
    [
        target(),
        target(Input="{}"),
        transformer('{"k": <k>, "r": "<aws.events.rule-name>"}', k="$.k"),
        target(Arn="arn:aws:batch:us-east-1:1:job-queue/q", BatchParameters={"JobName": "j"}),
    ],
)
def test_a_target_is_accepted(accepted: dict[str, Any]) -> None:
    assert problem([accepted]) is None


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        # The first two as AWS answered them (LocalStack's validated snapshots of test_events_inputs).
        (transformer("<gone>"), "InputTemplate for target t contains invalid placeholder gone."),
        (
            target(Input="{}", InputPath="$"),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (transformer("x" * 8193), "InputTemplate for target t must have 1 to 8192 characters."),
        (transformer("<AWSx>", AWSx="$.x"), "starts with AWS"),
        (target(Arn="arn:aws:batch:us-east-1:1:job-queue/q"), "BatchParameters must be provided"),
    ],
)
def test_a_target_is_refused(refused: dict[str, Any], text: str) -> None:
    assert text in str(problem([target(), refused]))


def test_a_rule_has_five_targets_at_most() -> None:
    assert problem([target()] * 5) is None
    assert "5 targets" in str(problem([target()] * 6))
