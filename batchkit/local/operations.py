"""Which operation a call is of, by botocore's service models: as the SDKs' documentation names them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import botocore.session

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from werkzeug.datastructures import Headers

    from batchkit.local.server import Call

_LABEL = re.compile(r"\{[^}+]+(\+?)\}")


@dataclass(frozen=True)
class Route:
    """How a REST service tells an operation from others: the more it asks for, the more it is meant."""

    name: str
    method: str
    path: re.Pattern[str]
    query: AbstractSet[str]
    headers: AbstractSet[str]

    def fits(self, query: AbstractSet[str], headers: Headers) -> bool:
        """Whether a call of this method and path is of this operation."""
        return self.query <= query and all(name in headers for name in self.headers)


def operation(call: Call) -> str:
    """`SubmitJob`, `PutObject`, …; "" for a call without a signature or of an unknown service."""
    if call.service is None:
        return ""
    if target := call.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if call.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(call.body.decode("utf-8", "replace")).get("Action", [""])[0]
    return _rest(call, call.service)


def _rest(call: Call, service: str) -> str:
    asked = parse_qs(call.environ.get("QUERY_STRING", ""), keep_blank_values=True)
    query = {f"{name}={values[0]}" for name, values in asked.items()} | set(asked)
    routes, path = _by_path(service, call.environ["REQUEST_METHOD"]), call.path
    near = (those for pattern, those in routes.items() if pattern.fullmatch(path))
    found = [route for route in chain.from_iterable(near) if route.fits(query, call.headers)]
    return max(found, key=lambda route: len(route.query) + len(route.headers)).name if found else ""


@cache
def _by_path(service: str, method: str) -> Mapping[re.Pattern[str], Sequence[Route]]:
    """A service's routes of one method by their path: S3 has a hundred operations and three paths."""
    routes: dict[re.Pattern[str], list[Route]] = {}
    for route in _routes(service):
        if route.method == method:
            routes.setdefault(route.path, []).append(route)
    return routes


@cache
def _routes(service: str) -> tuple[Route, ...]:
    session = botocore.session.Session()
    if service not in session.get_available_services():
        return ()
    model = session.get_service_model(service)
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(model: OperationModel) -> Route:
    http: Mapping[str, str] = model.http
    path, _, query = http["requestUri"].partition("?")
    labels = iter(_LABEL.findall(path))
    pattern = "".join(
        re.escape(text) if text is not None else (".+" if next(labels) else "[^/]+") for text in _split(path)
    )
    shape = model.input_shape
    members = [shape.members[name] for name in shape.required_members] if shape else []
    located = [(one.serialization.get("location"), str(one.serialization.get("name"))) for one in members]
    fixed, needed = set(filter(None, query.split("&"))), {n for place, n in located if place == "querystring"}
    return Route(
        name=model.name,
        method=http["method"],
        path=re.compile(pattern),
        query=fixed | needed,
        headers={name for place, name in located if place == "header"},
    )


def _split(path: str) -> list[str | None]:
    """The fixed texts of a path, and None for each label."""
    parts: list[str | None] = []
    last = 0
    for found in _LABEL.finditer(path):
        parts += [path[last : found.start()], None]
        last = found.end()
    return [*parts, path[last:]]
