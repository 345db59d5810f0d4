"""Where moto 5.2 takes long over what every child does, and comes to the same answer sooner.

Each function says in its docstring what moto does. None of them changes an answer: where a shorter way might,
it goes moto's own way. `moto_gaps` closes the gaps; these only save processor time, which is what the local
stack has least of.
"""

from __future__ import annotations

import inspect
import string
from copy import copy, deepcopy
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from moto.core import responses, serialize
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]
from moto.moto_api._internal.moto_random import MotoRandom
from moto.moto_server import werkzeug_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchkit.local.moto_patches import Patches

    Process = Callable[[Any], Any]

# UpdateExpressions that are kept parsed: a project's own are some twenty.
EXPRESSIONS = 256


def hasten_all(patches: Patches) -> None:
    """Takes every shorter way below."""
    for shorter in SHORTER:
        shorter(patches)


def parts_of_updates_are_checked(patches: Patches) -> None:
    """An UpdateExpression of n assignments is n expressions, one in the other, and moto searches each of them
    for repeated clauses and for paths that overlap. What the outermost one does not have, none of the others
    has; if it has, moto's way tells which one is named.
    """
    _check_whole(patches, validators.ActionCountValidator, "verify_action_counts")
    _check_whole(patches, validators.OverlappingPathsValidator, "check_for_overlapping_paths")


def _check_whole(patches: Patches, validator: Any, check: str) -> None:
    each = validator.traverse

    def traverse(self: Any, node: Any) -> Any:
        try:
            return getattr(self, check)(node)
        except Exception:
            return each(self, node)

    patches.add(validator, "traverse", traverse)


def nodes_are_asked_for_every_kind(patches: Patches) -> None:
    """moto makes the table of a traverser's kinds of nodes anew for each node, and asks each node twice for
    every kind, by abstract classes. A node's class says it once.
    """

    def traverse(self: Any, node: Any) -> Any:
        return _Traversal(self).of(node)

    patches.replace(DepthFirstTraverser, "traverse", traverse)


class _Traversal:
    """One traversal: children first; what a processor returns takes its node's place."""

    def __init__(self, traverser: Any) -> None:
        prepares = type(traverser).pre_processing_of_child is not DepthFirstTraverser.pre_processing_of_child
        self._before = traverser.pre_processing_of_child if prepares else None
        self._table: dict[type, Process] = traverser._processing_map()  # noqa: SLF001 (moto's own)
        self._known: dict[type, Process | None] = {}

    def of(self, node: Any, place: int = -1) -> Any:
        if not isinstance(node, Node):
            return node
        parent, process = node.parent, self._process_of(type(node))
        for number, child in enumerate(node.children or ()):
            if self._before is not None:
                self._before(node, number)
            if type(child) is not str:
                self.of(child, number)
        return node if process is None else _put_in(process(node), parent, place)

    def _process_of(self, kind: type) -> Process | None:
        if kind not in self._known:
            fitting = (process for known, process in self._table.items() if issubclass(kind, known))
            self._known[kind] = next(fitting, None)
        return self._known[kind]


def _put_in(node: Any, parent: Any, place: int) -> Any:
    node.parent = parent
    if parent:
        parent.children[place] = node
    return node


def expressions_are_copied_by_reflection(patches: Patches) -> None:
    """Each validator works on a copy of its expression, which `copy.deepcopy` makes by way of pickle."""

    def deep_copy(self: Any, memo: dict[int, Any]) -> Any:
        made = memo[id(self)] = object.__new__(type(self))
        for name, value in vars(self).items():
            vars(made)[name] = value if type(value) is str else deepcopy(value, memo)
        return made

    patches.add(Node, "__deepcopy__", deep_copy)


def updates_are_parsed_twice(patches: Patches) -> None:
    """An UpdateExpression is parsed to see whether it can be, and once more to be carried out; all children
    of a run send the same. What was parsed is copied before it is changed.
    """
    parse = UpdateExpressionParser.make
    patches.replace(UpdateExpressionParser, "make", staticmethod(lru_cache(EXPRESSIONS)(parse)))


def queries_sort_the_table(patches: Patches) -> None:
    """A query of one partition sorts all items of the table and then takes those of the partition. It is put
    to a table with that partition only; a query of an index has to see them all.
    """
    query = Table.query
    signature = inspect.signature(query)

    def query_partition(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(self, *args, **kwargs).arguments
        key = given["hash_key"]
        if key is None or given.get("index_name") or not self.has_range_key:
            return query(self, *args, **kwargs)
        partition = copy(self)
        partition.items = {key: self.items[key]} if key in self.items else {}
        return query(partition, *args, **kwargs)

    patches.replace(Table, "query", query_partition)


def absent_members_are_looked_for(patches: Patches) -> None:
    """To write a member of an answer, moto looks for it under up to a dozen names, which it makes anew each
    time. An attribute of DynamoDB's has one of ten members: nine are looked for in vain.
    """
    base = serialize.ResponseSerializer
    write = base._serialize_structure_member  # noqa: SLF001 (moto's own)
    names: dict[tuple[Any, str], frozenset[str]] = {}

    def write_member(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        picker = self._value_picker
        if type(value) is dict and type(picker) is _Picker and not picker.response_transformers:
            if (shape, key) not in names:
                context = serialize.AttributePickerContext(obj=value, key=key, shape=shape)
                names[shape, key] = frozenset(_first_parts(picker.get_possible_keys(context)))
            if names[shape, key].isdisjoint(value):
                return
        write(self, serialized, value, shape, key)

    patches.replace(base, "_serialize_structure_member", write_member)


_Picker = serialize.XFormedAttributePicker


def _first_parts(keys: Iterator[str]) -> Iterator[str]:
    """moto reads `a.b` as b of what is under a."""
    return (key.split(".", 1)[0] for key in keys)


def request_ids_are_drawn_by_letter(patches: Patches) -> None:
    """moto draws each of the 52 letters of an answer's id by a call of its own."""

    def get_random_string(
        self: MotoRandom, length: int = 20, include_digits: bool = True, lower_case: bool = False
    ) -> str:
        letters = string.ascii_letters + (string.digits if include_digits else "")
        drawn = "".join(self.choices(letters, k=length))
        return drawn.lower() if lower_case else drawn

    patches.replace(MotoRandom, "get_random_string", get_random_string)


def actions_are_listed_for_each_call(patches: Patches) -> None:
    """moto finds out which methods a service's class has each time one is called."""
    patches.replace(responses, "method_names_from_class", cache(method_names_from_class))


def answers_are_for_any_page(patches: Patches) -> None:
    """moto lets any web page read its answers, by headers that `guard` takes out again."""
    patches.replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)


SHORTER: tuple[Callable[[Patches], None], ...] = (
    nodes_are_asked_for_every_kind,
    parts_of_updates_are_checked,
    expressions_are_copied_by_reflection,
    updates_are_parsed_twice,
    queries_sort_the_table,
    absent_members_are_looked_for,
    request_ids_are_drawn_by_letter,
    actions_are_listed_for_each_call,
    answers_are_for_any_page,
)
