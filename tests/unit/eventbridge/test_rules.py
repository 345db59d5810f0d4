"""Every rule against its samples, as deployed: the patterns come out of the deployed rules."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern
from support.cloud import ROOT, cloud
from support.projects import deployed, photos
from support.templates import template

from batchkit.aws.ledger import LEASE_SECONDS
from batchkit.completion import changes, rejections
from batchkit.gallery import due
from batchkit.planning.uploads import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batchkit.aws.clients import Clients

EVENTS = ROOT / "eventbridge" / "events"
RULES = sorted(path.name for path in EVENTS.iterdir() if path.name != "schemas")
SAMPLES = sorted(EVENTS.glob("*/*/*.json"))
RETRY = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}


def sample_id(path: Path) -> str:
    return "/".join(path.relative_to(EVENTS).with_suffix("").parts)


def read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        deployed(clients, photos(tasks=3))
        yield clients


def rules(aws: Clients) -> list[str]:
    return [rule["Name"] for rule in aws.events.list_rules()["Rules"]]


def target(aws: Clients, rule: str) -> dict[str, Any]:
    (only,) = aws.events.list_targets_by_rule(Rule=f"photos-{rule}")["Targets"]
    return dict(only)


def test_every_rule_has_samples_that_match_and_near_misses(aws: Clients) -> None:
    assert sorted(rules(aws)) == [f"photos-{rule}" for rule in RULES]
    for rule in RULES:
        assert {path.parent.name for path in SAMPLES if path.parts[-3] == rule} == {"match", "miss"}


@pytest.mark.parametrize("path", SAMPLES, ids=sample_id)
def test_a_rule_matches_what_it_must_and_nothing_near_it(aws: Clients, path: Path) -> None:
    rule, expected = path.parts[-3], path.parts[-2] == "match"
    pattern = aws.events.describe_rule(Name=f"photos-{rule}")["EventPattern"]
    assert EventPattern.load(pattern).matches_event(cast("Any", read(path))) is expected


@pytest.mark.parametrize("rule", RULES)
def test_every_target_retries_for_a_day_and_then_keeps_the_event(aws: Clients, rule: str) -> None:
    found = target(aws, rule)
    assert found["RetryPolicy"] == RETRY
    assert found["DeadLetterConfig"]["Arn"].endswith(":photos-dead-letters")


def test_every_rule_may_send_to_the_dead_letters(aws: Clients) -> None:
    url = aws.sqs.get_queue_url(QueueName="photos-dead-letters")["QueueUrl"]
    policy = json.loads(
        aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    )
    (statement,) = policy["Statement"]
    allowed = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    found = [aws.events.describe_rule(Name=rule)["Arn"] for rule in rules(aws)]
    assert [arn for arn in found if not any(fnmatchcase(arn, each) for each in allowed)] == []
    # Further suffixes have further rules.
    idle = {each for each in allowed if not any(fnmatchcase(arn, each) for arn in found)}
    assert idle == {f"{aws.events.describe_rule(Name='photos-upload-accepted')['Arn']}-?"}


def test_an_upload_submits_an_array_of_one_child_per_task_and_keeps_the_definitions_retries(
    aws: Clients,
) -> None:
    parameters = target(aws, "upload-accepted")["BatchParameters"]
    assert parameters == {
        "JobDefinition": "photos-upload",
        "JobName": "photos-upload",
        "ArrayProperties": {"Size": 3},
    }


def test_the_input_of_an_upload_is_what_its_job_definition_refers_to(aws: Clients) -> None:
    given = submitted(aws, "x")["Parameters"]
    command = aws.batch.describe_job_definitions(jobDefinitionName="photos-upload")["jobDefinitions"][0]
    referred = [word for word in command["containerProperties"]["command"] if word.startswith("Ref::")]
    assert {f"Ref::{name}" for name in given} == set(referred)
    assert given["recipe"] == photos(tasks=3).recipe.digest


def submitted(aws: Clients, key: str) -> dict[str, Any]:
    """What a job is submitted with for this key; ValueError where EventBridge says INVALID_JSON."""
    transformer = target(aws, "upload-accepted")["InputTransformer"]
    template = transformer["InputTemplate"]
    for name in transformer["InputPathsMap"]:
        value = key if name == "key" else "x"
        template = template.replace(f'"<{name}>"', f'"{value}"').replace(f"<{name}>", f'"{value}"')
    return dict(json.loads(template))


MEMBERS = ("recipe", "bucket", "etag", "size", "sequencer", "time", "Value", "Name")


def test_a_key_can_bring_along_another_key_and_nothing_else_that_counts(aws: Clients) -> None:
    honest = submitted(aws, "a.jpg")
    twins = "".join(f', "{name}": "evil"' for name in MEMBERS)
    found = submitted(aws, f'a.jpg"{twins}, "key": "b.jpg')
    known = {name: found["Parameters"][name] for name in honest["Parameters"]}
    assert known == {**honest["Parameters"], "key": "b.jpg"}
    (variable,) = found["ContainerOverrides"]["Environment"]
    assert (set(found), variable["Name"]) == (set(honest), "BATCHKIT_KEY")


@pytest.mark.parametrize(
    "key",
    [
        'say "cheese".jpg',
        'a", "b.jpg',
        'a"}, "ContainerOverrides": {"Command": ["bulk"]}, "x": {"y": ".jpg',
        'a", "recipe": "evil", "bucket": "evil"}, "ContainerOverrides": {"key": "b.jpg',
        'a"}, {"Name": "BATCHKIT_UPLOADS", "Value": "b.jpg',
        'a"}]}, "ContainerOverrides": {"Command": ["bulk"], "Environment": [{"Value": "b.jpg',
        'a"}} {"Parameters": {"key": "b.jpg',
    ],
)
def test_a_key_that_leaves_its_place_makes_no_input_at_all(aws: Clients, key: str) -> None:
    with pytest.raises(ValueError, match=r"delimiter|Extra data|property name"):
        submitted(aws, key)


SHIFTS = ['", "x": "', '"}, "x": {"y": "', '"}], "x": [{"y": "', '"}}, {"x": {"y": "', '", "key": {"x": "']
FRAGMENTS = st.sampled_from(['"', "{", "}", "[", "]", ",", ":", "x", "\\", '"x"', '"key"', *SHIFTS])


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
@settings(max_examples=2_000)
def test_whatever_a_key_holds_only_the_key_is_another(aws: Clients, key: str) -> None:
    honest = submitted(aws, "x")
    try:
        found = submitted(aws, key)
    except ValueError:
        return
    assert set(found) == set(honest)
    assert {**found["Parameters"], **honest["Parameters"]} == {**found["Parameters"], "key": "x"}
    (variable,) = found["ContainerOverrides"]["Environment"]
    assert variable["Name"] == "BATCHKIT_KEY"


@pytest.mark.parametrize("rule", ["run-finished", "item-rejected"])
def test_the_lines_of_a_message_are_in_every_sample_and_safe_to_insert(aws: Clients, rule: str) -> None:
    transformer = target(aws, rule)["InputTransformer"]
    for path in sorted((EVENTS / rule / "match").glob("*.json")):
        text = transformer["InputTemplate"]
        for name, where in transformer["InputPathsMap"].items():
            text = text.replace(f"<{name}>", value_at(read(path), where))
        for line in text.splitlines():
            assert json.loads(line)


def value_at(event: dict[str, Any], where: str) -> str:
    value: Any = event
    for step in where.removeprefix("$.").split("."):
        value = value[step]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize("rule", ["run-finished", "item-rejected"])
def test_samples_of_own_events_follow_their_schema(rule: str) -> None:
    schema = read(EVENTS / "schemas" / f"{rule}.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in sorted((EVENTS / rule / "match").glob("*.json")):
        jsonschema.validate(read(path), schema, jsonschema.Draft202012Validator)


def test_the_gallerys_handler_understands_all_that_its_rule_sends() -> None:
    schema = read(EVENTS / "schemas" / "gallery-due.schema.json")
    for path in sorted((EVENTS / "gallery-due" / "match").glob("*.json")):
        event = read(path)
        found = due.parse(event)
        assert found is not None
        assert found.run == event["detail"]["run"]
        assert found.is_whole is (event["detail-type"] != due.GALLERY_DUE)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(read(EVENTS / "gallery-due/match/span.json"), schema)


def test_the_handler_refuses_what_its_rule_sends_but_other_prefixes() -> None:
    limits = photos(tasks=1).upload_rules
    for path in sorted((EVENTS / "upload-rejected" / "match").glob("*.json")):
        uploaded = rejections.parse(read(path))
        assert uploaded is not None
        refused = refusal(limits, uploaded.key, uploaded.size)
        assert (refused is None) is (path.stem == "other-prefix-and-type")


def test_the_handler_understands_every_end_of_a_job() -> None:
    for path in sorted((EVENTS / "batch-finished" / "match").glob("*.json")):
        change = changes.parse(read(path))
        assert change is not None
        assert change.job == read(path)["detail"]["jobId"]
        assert change.stopped == 1795162562


def test_whoever_computes_an_end_has_a_whole_vcpu_and_a_lease_for_as_long_as_it_can_live() -> None:
    function = template("eventbridge/rules.yaml")["Resources"]["CompletionHandler"]["Properties"]
    assert function["MemorySize"] == 1769
    assert function["Timeout"] == 900 < LEASE_SECONDS
