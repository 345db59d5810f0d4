"""Tests of batchkit.local.moto_speed: the shorter ways are shorter, and end where moto's own end."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from moto.core import responses
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.tokens import ExpressionTokenizer
from moto.dynamodb.parsing.validators import ActionCountValidator
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal.moto_random import MotoRandom
from moto.moto_server.werkzeug_app import create_backend_app

from batchkit.local.moto_patches import Patches
from batchkit.local.moto_speed import hasten_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = "SET " + ", ".join(f"#n{number} = :v{number}" for number in range(12))
NAMES = {f"#n{number}": f"name{number}" for number in range(12)}
VALUES: dict[str, dict[str, Any]] = {f":v{number}": {"S": f"value {number}"} for number in range(12)}
MAP = {"M": {"deep": {"L": [{"N": "1"}, {"S": "x"}]}}}

# Right and wrong ones, as (expression, names, values).
UPDATES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "long": (LONG, NAMES, VALUES),
    "map": ("SET a = :map, b = :one", {}, {":map": MAP, ":one": {"N": "1"}}),
    "all clauses": (
        "SET sums.done = sums.done + :n, c = if_not_exists(c, :n) REMOVE past ADD lots :n DELETE notes :s",
        {},
        {":n": {"N": "2"}, ":s": {"SS": ["a"]}},
    ),
    "elements": ("REMOVE parts[0], parts[2]", {}, {}),
    "twice set": ("SET a = :n SET b = :n", {}, {":n": {"N": "1"}}),
    "twice removed, then set": ("REMOVE a REMOVE b SET c = :n SET d = :n", {}, {":n": {"N": "1"}}),
    "overlapping": ("SET sums = :n, sums.done = :n", {}, {":n": {"N": "1"}}),
    "the same twice": ("SET #a = :n, b = :n, #c = :n", {"#a": "a", "#c": "a"}, {":n": {"N": "1"}}),
    "a key": ("SET pk = :n", {}, {":n": {"S": "1"}}),
    "no such value": ("SET a = :n", {}, {}),
    "no such path": ("SET a.b.c = :n", {}, {":n": {"N": "1"}}),
    "wrong type": ("ADD note :n", {}, {":n": {"N": "1"}}),
}
ITEM: dict[str, Any] = {
    "pk": {"S": "a"},
    "sk": {"S": "1"},
    "sums": {"M": {"done": {"N": "1"}}},
    "past": {"S": "soon"},
    "lots": {"N": "3"},
    "parts": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]},
    "note": {"S": "t"},
    "notes": {"SS": ["a", "b"]},
}


@pytest.fixture
def patches() -> Iterator[Patches]:
    with Patches() as patches:
        yield patches


def table() -> tuple[DynamoDBBackend, Any]:
    """A table of a backend of its own, with one item."""
    backend = DynamoDBBackend("us-east-1", "123456789012")
    keys = {"pk": "HASH", "sk": "RANGE"}
    made = backend.create_table(
        "t",
        schema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        throughput=None,
        indexes=None,
        global_indexes=None,
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=None,
        warm_throughput=None,
    )
    made.put_item(deepcopy(ITEM))
    return backend, made


def said(action: Callable[[], Any]) -> Any:
    """What comes of it, an error as its text."""
    try:
        return action()
    except Exception as error:
        return repr(error), str(error)


def updated(name: str, sort: str) -> Any:
    """What an update makes of the table's item, or of a new one."""
    backend, made = table()
    expression, names, values = UPDATES[name]
    key = {"pk": {"S": "a"}, "sk": {"S": sort}}
    answer = said(lambda: backend.update_item("t", key, expression, names, values).to_json())
    return answer, [item.to_json() for item in made.all_items()]


@pytest.mark.parametrize("name", UPDATES)
@pytest.mark.parametrize("sort", ["1", "new"])
def test_an_update_ends_as_in_moto(name: str, sort: str, patches: Patches) -> None:
    expected = updated(name, sort)
    hasten_all(patches)
    assert updated(name, sort) == expected
    assert updated(name, sort) == expected, "also when the expression is known already"


def test_an_expression_is_parsed_once(patches: Patches) -> None:
    parsed: list[str] = []
    tokens = ExpressionTokenizer.make_list

    def make_list(text: str) -> Any:
        parsed.append(text)
        return tokens(text)

    patches.replace(ExpressionTokenizer, "make_list", staticmethod(make_list))
    hasten_all(patches)
    for name in ("long", "map", "long"):
        updated(name, "1")
    assert parsed == [LONG, UPDATES["map"][0]]


def test_an_expression_without_faults_is_checked_once(patches: Patches) -> None:
    class Counting(ActionCountValidator):
        checks = 0

        def verify_action_counts(self, node: Any) -> Any:
            self.checks += 1
            return super().verify_action_counts(node)

    hasten_all(patches)
    counting = Counting()
    counting.traverse(UpdateExpressionParser.make(LONG))
    assert counting.checks == 1


def test_a_copied_expression_shares_nothing_with_the_other(patches: Patches) -> None:
    hasten_all(patches)
    one = UpdateExpressionParser.make(UPDATES["elements"][0])
    other = deepcopy(one)
    assert nodes(other) != nodes(one)
    assert kinds(other) == kinds(one)
    assert not set(map(id, nodes(one))) & set(map(id, nodes(other)))


def nodes(root: Any) -> list[Any]:
    """A tree's nodes; each knows its parent."""
    found = [root]
    for child in root.children or ():
        if hasattr(child, "children"):
            assert child.parent is root
            found += nodes(child)
    return found


def kinds(root: Any) -> list[tuple[str, list[Any]]]:
    leaves = [[leaf for leaf in node.children if not hasattr(leaf, "children")] for node in nodes(root)]
    return [(node.type, leaf) for node, leaf in zip(nodes(root), leaves, strict=True)]


QUERIES: dict[str, dict[str, Any]] = {
    "all": {},
    "backwards": {"scan_index_forward": False},
    "some": {"range_comparison": "BETWEEN", "range_value_dicts": [{"S": "2"}, {"S": "4"}]},
    "a page": {"limit": 2},
    "the next page": {"limit": 2, "exclusive_start_key": {"pk": {"S": "b"}, "sk": {"S": "2"}}},
    "nothing": {"hash_key_dict": {"S": "nobody"}},
}


def asked(name: str) -> Any:
    backend, made = table()
    for partition in "bac":
        for sort in "31524":
            made.put_item({"pk": {"S": partition}, "sk": {"S": sort}, "n": {"N": sort}})
    question: dict[str, Any] = {
        "table_name": "t",
        "hash_key_dict": {"S": "b"},
        "range_comparison": None,
        "range_value_dicts": [],
        "limit": 100,
        "exclusive_start_key": None,
        "scan_index_forward": True,
        "projection_expressions": None,
    }
    found, scanned, last = backend.query(**(question | QUERIES[name]))
    return [item.to_json() for item in found], scanned, last, len(made.all_items())


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_finds_what_moto_finds(name: str, patches: Patches) -> None:
    expected = asked(name)
    hasten_all(patches)
    assert asked(name) == expected


def test_a_query_does_not_look_into_other_partitions(patches: Patches) -> None:
    class Closed(dict[Any, Any]):
        def values(self) -> Any:
            raise AssertionError("looked into")

    hasten_all(patches)
    backend, made = table()
    made.put_item({"pk": {"S": "other"}, "sk": {"S": "1"}})
    made.items = {key: Closed() if key.value == "other" else sorts for key, sorts in made.items.items()}
    found, _, _ = backend.query("t", {"S": "a"}, None, [], 10, None, True, None)
    assert [item.range_key.value for item in found] == ["1"]


ANSWERS: list[tuple[str, str, Any]] = [
    ("dynamodb", "Query", {"Items": [ITEM, {"b": {"BOOL": False}, "n": {"NULL": True}}], "Count": 2}),
    ("dynamodb", "GetItem", {"item": {"a": MAP}, "consumed_capacity": {"TableName": "t"}}),
    ("dynamodb", "DescribeTable", {"Table": {"name": "t", "table_arn": "a", "KeySchema": [], "status": "S"}}),
    ("logs", "DescribeLogGroups", {"logGroups": [{"logGroupName": "g", "arn": "a", "none": None}]}),
    ("s3", "ListBuckets", {"Buckets": [{"Name": "b"}], "owner": {"id": "x", "DisplayName": "y"}}),
    ("sqs", "ListQueues", {"queue_urls": ["http://a"], "NextToken": None}),
]


def written(service: str, operation: str, answer: Any) -> Any:
    model = get_service_model(service)
    serializer = get_serializer_class(service, model.protocol)
    return serializer(
        operation_model=model.operation_model(operation), value_picker=XFormedAttributePicker()
    ).serialize(answer)


@pytest.mark.parametrize(("service", "operation", "answer"), ANSWERS)
def test_an_answer_reads_as_in_moto(service: str, operation: str, answer: Any, patches: Patches) -> None:
    expected = written(service, operation, deepcopy(answer))
    hasten_all(patches)
    for _ in range(2):
        assert without_ids(written(service, operation, deepcopy(answer))) == without_ids(expected)


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "headers"}


@pytest.mark.parametrize("chosen", [{}, {"include_digits": False}, {"lower_case": True}])
def test_a_random_text_has_the_length_and_the_letters_of_motos(
    chosen: dict[str, Any], patches: Patches
) -> None:
    def drawn() -> tuple[int, set[str]]:
        draw = MotoRandom(1).get_random_string
        return len(draw(**chosen)), set(draw(length=5000, **chosen))

    expected = drawn()
    hasten_all(patches)
    assert drawn() == expected


def test_the_actions_of_a_service_are_listed_once(patches: Patches) -> None:
    expected = responses.method_names_from_class(DynamoHandler)
    hasten_all(patches)
    found = responses.method_names_from_class(DynamoHandler)
    assert found == expected
    assert responses.method_names_from_class(DynamoHandler) is found


def test_no_answer_is_for_any_page(patches: Patches) -> None:
    assert create_backend_app("s3").after_request_funcs
    hasten_all(patches)
    assert not create_backend_app("s3").after_request_funcs
