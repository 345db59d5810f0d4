"""EventBridge's rules of quoting. Expected texts marked AWS were recorded from AWS (LocalStack's validated
snapshots of test_events_inputs); the others follow the tables of the EventBridge user guide.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.local.events.delivery import DeliveryFault
from batchkit.local.events.transform import RuleIdentity, fill, in_string, payload

RULE = RuleIdentity("arn:aws:events:us-east-1:123456789012:rule/uploads", "uploads")
EVENT = {
    "version": "0",
    "id": "e1",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "123456789012",
    "time": "2026-11-20T08:15:30Z",
    "region": "us-east-1",
    "resources": ["arn:aws:s3:::b"],
    "detail": {
        "object": {"key": "in/a b+c.jpg", "size": 7},
        "n": None,
        "t": True,
        "list": [{"k": 1}, {"k": 2}],
    },
}


def transformed(template: str, event: Any = None, **paths: str) -> str:
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    return payload({"InputTransformer": transformer}, event or EVENT, RULE)


def event_with_key(key: str) -> dict[str, Any]:
    return {**EVENT, "detail": {"object": {"key": key, "size": 1}}}


def test_without_an_input_the_target_gets_the_whole_event() -> None:
    assert json.loads(payload({}, EVENT, RULE)) == EVENT


def test_a_constant_input_is_sent_as_it_is() -> None:
    assert payload({"Input": '{"a":  1}'}, EVENT, RULE) == '{"a":  1}'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.detail.object", '{"key":"in/a b+c.jpg","size":7}'),
        ("$.detail.object.key", '"in/a b+c.jpg"'),  # AWS: a string keeps its quotes
        ("$.detail-type", '"Object Created"'),
        ("$.resources[0]", '"arn:aws:s3:::b"'),
        ("$.detail.list[*].k", "[1,2]"),
        ("$.detail.nothing", "null"),
        ("$", json.dumps(EVENT, separators=(",", ":"))),
    ],
)
def test_an_input_path_sends_a_part_of_the_event(path: str, text: str) -> None:
    assert payload({"InputPath": path}, EVENT, RULE) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"k": <key>}', '{"k": "in/a b+c.jpg"}'),
        ('{"k": "<key>"}', '{"k": "in/a b+c.jpg"}'),
        ('{"k": "a <key> b"}', '{"k": "a in/a b+c.jpg b"}'),
        ('{"k": <size>}', '{"k": 7}'),
        ('{"k": "<size>"}', '{"k": "7"}'),
        ('{"k": <object>}', '{"k": {"key":"in/a b+c.jpg","size":7}}'),
        ('{"k": "<object>"}', '{"k": "{key:in/a b+c.jpg,size:7}"}'),
        ('{"k": <null>, "t": <true>}', '{"k": null, "t": true}'),
        ('{"k": <missing>}', '{"k": ""}'),  # AWS
        ('"from <key>"', '"from in/a b+c.jpg"'),  # AWS: the quotes are part of what arrives
        ('"gone <missing>"', '"gone "'),  # AWS
        ('"{[/ <size>"', '"{[/ 7"'),  # AWS
        ('"one <size>"\n"two"', '"one 7"\n"two"'),
        ('{"k": "say \\"<key>\\""}', '{"k": "say \\"in/a b+c.jpg\\""}'),
        ('{"k": "<unknown>", "l": <size>}', '{"k": "<unknown>", "l": 7}'),
    ],
)
def test_a_placeholder_is_quoted_where_it_stands_bare(template: str, text: str) -> None:
    paths = {
        "key": "$.detail.object.key",
        "size": "$.detail.object.size",
        "object": "$.detail.object",
        "null": "$.detail.n",
        "true": "$.detail.t",
        "missing": "$.detail.object.version-id",
    }
    assert transformed(template, **paths) == text


def test_the_reserved_variables_need_no_path() -> None:
    text = transformed('"<aws.events.rule-arn> <aws.events.rule-name>"')
    assert text == f'"{RULE.arn} {RULE.name}"'
    both = json.loads(transformed('{"bare": <aws.events.event>, "full": <aws.events.event.json>}'))
    assert both["full"] == EVENT
    assert "detail" not in both["bare"]
    assert both["bare"]["detailType"] == "Object Created"  # AWS
    assert "detail-type" not in both["bare"]


@pytest.mark.parametrize("key", ['a"b', "a\\qb", "a\nb", "a\tb", '"', "\\"])
def test_a_key_that_json_would_escape_is_invalid_json(key: str) -> None:
    with pytest.raises(DeliveryFault) as caught:
        transformed('{"k": <key>}', event_with_key(key), key="$.detail.object.key")
    assert (caught.value.code, caught.value.retry) == ("INVALID_JSON", False)


def test_an_escape_in_a_key_becomes_another_key_without_a_word() -> None:
    text = transformed('{"k": <key>}', event_with_key("a\\u0062"), key="$.detail.object.key")
    assert json.loads(text) == {"k": "ab"}


def test_a_key_can_add_members() -> None:
    event = event_with_key('a", "size": "0')
    assert json.loads(transformed('{"k": <key>}', event, key="$.detail.object.key")) == {
        "k": "a",
        "size": "0",
    }


HARMLESS = st.text(st.characters(exclude_characters='"\\', exclude_categories=("Cs", "Cc")), max_size=200)


@given(HARMLESS)
def test_any_key_without_quotes_backslashes_and_controls_arrives_unchanged(key: str) -> None:
    event = event_with_key(key)
    for template in ('{"k": <key>, "n": "<size>"}', '{"k": "<key>", "n": "<size>"}'):
        text = transformed(template, event, key="$.detail.object.key", size="$.detail.object.size")
        assert json.loads(text) == {"k": key, "n": "1"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | HARMLESS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HARMLESS, inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_a_bare_placeholder_inserts_any_value_as_json(value: Any) -> None:
    assert json.loads(fill('{"v": <v>}', {"v": value})) == {"v": value}


@given(JSON_VALUES)
def test_a_placeholder_in_quotes_always_makes_a_string(value: Any) -> None:
    assert isinstance(json.loads(fill('{"v": "<v>"}', {"v": value}))["v"], str)


@given(HARMLESS, HARMLESS)
def test_a_value_that_looks_like_a_placeholder_is_not_filled_again(first: str, second: str) -> None:
    filled = fill('{"a": <a>, "b": <b>}', {"a": f"<b>{first}", "b": second})
    assert json.loads(filled) == {"a": f"<b>{first}", "b": second}


@given(st.text(alphabet='a"\\', max_size=12))
def test_inside_a_string_means_after_an_odd_number_of_unescaped_quotes(template: str) -> None:
    inside, escaped = False, False
    for character in template:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"':
            inside = not inside
    assert in_string(template, len(template)) == inside
