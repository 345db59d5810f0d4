"""One DynamoDB table: conditional writes, consistent reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from batchkit.aws.attributes import dumped, loaded
from batchkit.aws.errors import translated
from batchkit.errors import Throttled
from batchkit.planning import names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Amazon DynamoDB API reference, BatchGetItem: "as many as 100 items".
MAX_BATCH = 100

# What a batch leaves unread is asked for again after so many seconds: botocore repeats whole requests only.
BATCH_WAITS = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Table:
    """What the ledger's reads and writes are made of. A write says whether its condition held.

    All raise Throttled, PermissionDenied or ConfigError when DynamoDB cannot or will not answer.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._sleep = sleep

    def _get(self, key: names.Key) -> dict[str, Any] | None:
        with translated(f"reading the ledger '{self._table}'"):
            answer = self._client.get_item(
                TableName=self._table, Key=dumped(asdict(key)), ConsistentRead=True
            )
        return loaded(answer["Item"]) if "Item" in answer else None

    def _get_many(self, keys: Iterable[names.Key]) -> Iterator[dict[str, Any]]:
        """The records of these keys that there are, in no order: a request for a hundred of them."""
        rest = iter(keys)
        while batch := list(dict.fromkeys(islice(rest, MAX_BATCH))):
            yield from self._get_batch(batch)

    def _get_batch(self, keys: Sequence[names.Key]) -> Iterator[dict[str, Any]]:
        wanted: Any = {self._table: {"Keys": [dumped(asdict(key)) for key in keys], "ConsistentRead": True}}
        for wait in BATCH_WAITS:
            self._sleep(wait)
            with translated(f"reading the ledger '{self._table}'"):
                answer = self._client.batch_get_item(RequestItems=wanted)
            yield from map(loaded, answer["Responses"].get(self._table, ()))
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return
        raise Throttled(
            f"DynamoDB does not read all that it is asked for of the ledger '{self._table}'",
            found=f"{len(wanted[self._table]['Keys'])} keys left unprocessed, {len(BATCH_WAITS)} times",
            fix="try again later",
        )

    def _put(self, key: names.Key, record: Mapping[str, Any]) -> bool:
        return self._conditional(
            self._client.put_item,
            Item=dumped({**asdict(key), **record}),
            ConditionExpression="attribute_not_exists(#version) OR #version < :version",
            ExpressionAttributeNames={"#version": "version"},
            ExpressionAttributeValues=dumped({":version": record["version"]}),
        )

    def _update(
        self,
        key: names.Key,
        values: Mapping[str, Any],
        condition: str,
        extra_values: Mapping[str, Any] | None = None,
        extra_names: Mapping[str, str] | None = None,
    ) -> bool:
        attributes = {**{name: name for name in values}, **(extra_names or {})}
        operands = {**values, **(extra_values or {})}
        return self._conditional(
            self._client.update_item,
            Key=dumped(asdict(key)),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": path for name, path in attributes.items()},
            ExpressionAttributeValues=dumped({f":{name}": v for name, v in operands.items()}),
        )

    def _conditional(self, call: Callable[..., Any], **arguments: Any) -> bool:
        with translated(f"writing to the ledger '{self._table}'"):
            try:
                call(TableName=self._table, **arguments)
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _query(self, name: str, value: str, **chosen: Any) -> Iterator[dict[str, Any]]:
        """The records of a partition; `chosen` as in `_pages`."""
        return chain.from_iterable(self._pages(name, value, **chosen))

    def _pages(
        self,
        name: str,
        value: str,
        index: str | None = None,
        *,
        newest_first: bool = False,
        between: tuple[str, str] | None = None,
        only: Sequence[str] = (),
        **chosen: Any,
    ) -> Iterator[list[dict[str, Any]]]:
        """The records of a partition by pages, with only some of their attributes if any are named."""
        attributes = {f"#{one}": one for one in only}
        if only:
            chosen["ProjectionExpression"] = ", ".join(attributes)
        arguments: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        condition, operands = "#key = :key", {":key": value}
        if between:
            condition += " AND sk BETWEEN :first AND :last"
            operands |= {":first": between[0], ":last": between[1]}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#key": name, **attributes},
            ExpressionAttributeValues=dumped(operands),
            ScanIndexForward=not newest_first,
            **arguments,
            **chosen,
        )
        with translated(f"reading the ledger '{self._table}'"):
            for page in pages:
                yield [loaded(item) for item in page["Items"]]
