"""The ledger: one DynamoDB table, every write conditional and forward only.

A refused condition is not an error: somebody who knew more was there before. So each write can be
sent twice, late or out of order, and the record ends the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Any

from batchkit.aws.attributes import dumped, loaded, plain
from batchkit.aws.errors import translated
from batchkit.aws.paging import interleaved
from batchkit.aws.table import Table
from batchkit.planning import names
from batchkit.planning.records import ArrayEnd, ChildFailure, ErrorGroup, Item, Report, RunEnd
from batchkit.planning.states import Counts, RunState

INDEX = "bad-items"

# A finish that was recorded but not announced within this many seconds was cut off between the two
# (Lambda retries a failed asynchronous invocation after one minute); whoever comes next announces it.
ANNOUNCE_WITHIN = 45

# Longer than the function lives that computes an end (900 s, eventbridge/rules.yaml).
LEASE_SECONDS = 960

# What the sum of a run needs of a child's record; without the rest the answers take some 40 % less to read.
SUMMED = ("child", "counts", "errors", "attempt", "started", "stopped", "failure")

# Partitions of reports that are queried at once: one waits for answers while another one is added up.
SUM_THREADS = 8


class Ledger(Table):
    """Reads and writes of one table. Methods that write return whether the write moved the record.

    All raise Throttled, PermissionDenied or ConfigError when DynamoDB cannot or will not answer.
    """

    def record_items(self, items: Iterable[Item], threads: int = 8) -> int:
        """Write items, several at a time; the number that moved.

        One request each: DynamoDB's batch write knows no conditions.
        """
        batch = list(items)
        if len(batch) < 2:
            return sum(map(self.record_item, batch))
        with ThreadPoolExecutor(min(threads, len(batch))) as pool:
            return sum(pool.map(self.record_item, batch))

    def record_item(self, item: Item) -> bool:
        """Write what became of an item, unless a greater version is there."""
        record = {**plain(item), "version": item.version}
        if item.is_bad:
            record["index_pk"] = names.bad_partition(item.run)
            record["index_sk"] = names.bad_sort(item.bucket, item.key, item.task)
        key = names.item_record(item.bucket, item.key, item.task)
        return self._put(key, record)

    def record_report(self, report: Report) -> bool:
        """Write a child's report, unless one that accounts for more is there."""
        key = names.report_record(report.run, report.child, report.children)
        return self._update(
            key,
            {**plain(report), "version": report.version},
            "attribute_not_exists(#version) OR #version < :version",
        )

    def record_failure(self, failure: ChildFailure) -> bool:
        """Write beside a child's report what Batch said of its end."""
        key = names.report_record(failure.run, failure.child, failure.children)
        values = {"failure": plain(failure), "failure_stopped": failure.stopped}
        return self._update(
            key,
            values,
            "attribute_not_exists(#failure_stopped) OR #failure_stopped < :failure_stopped",
        )

    def heard(self, failure: ChildFailure) -> bool:
        """Whether what Batch said of a child is in its run's end, or somebody sees to that."""
        record = self._get(names.report_record(failure.run, failure.child, failure.children)) or {}
        return bool(record.get("heard", -1) >= failure.stopped)

    def hear(self, failure: ChildFailure) -> bool:
        """Note that; the event that brought it may be forgotten."""
        key = names.report_record(failure.run, failure.child, failure.children)
        condition = "attribute_not_exists(#heard) OR #heard < :heard"
        return self._update(key, {"heard": failure.stopped}, condition)

    def came_late(self, run: str) -> bool:
        """Note that a fact was recorded after the run's end."""
        return self._update(names.run_record(run), {"late": uuid.uuid4().hex}, "attribute_exists(pk)")

    def late(self, run: str) -> str:
        """What tells whether one came since: another text after each; "" before the first."""
        return str((self.run(run) or {}).get("late", ""))

    def take_lease(self, run: str, owner: str) -> bool:
        """Let `owner` compute the run's end anew, unless somebody else does so now.

        Who died with a lease may take it again; others after LEASE_SECONDS.
        """
        now = int(self._clock())
        free = "attribute_not_exists(#lease) OR #lease = :none OR #lease = :lease OR #lease_until < :now"
        values = {"lease": owner, "lease_until": now + LEASE_SECONDS}
        return self._update(names.run_record(run), values, free, {"none": "", "now": now})

    def end_lease(self, run: str, owner: str, late: str) -> bool:
        """Give the lease back, unless a fact came since `late` was read: then it must be looked at first."""
        held = "#lease = :owner AND #late = :late"
        return self._update(
            names.run_record(run), {"lease": ""}, held, {"owner": owner, "late": late}, {"late": "late"}
        )

    def record_array(self, end: ArrayEnd) -> bool:
        """Write that one of a run's array jobs has ended; of two with the same children the later stays."""
        key = names.array_record(end.run, end.first)
        return self._update(key, plain(end), "attribute_not_exists(#stopped) OR #stopped < :stopped")

    def finish(self, end: RunEnd) -> bool:
        """Record how a run ended; True when the caller must announce it.

        A state moves from FAILED over PARTIAL to SUCCEEDED only, and is announced once: facts that come
        later can mend a run, nothing can unmend it. With the same state the end that knows more stays.
        """
        key, claim = names.run_record(end.run), uuid.uuid4().hex
        values = {**plain(end), "rank": end.state.rank, "end": end.version}
        # Whoever cancels a run writes these; an end that was computed before must not take them back.
        for name in ("cancelled", "cancel_reason"):
            del values[name]
        moved = self._update(
            key,
            {**values, "finished": int(self._clock()), "claim": claim},
            "attribute_not_exists(#rank) OR #rank < :rank",
        )
        if moved:
            return True
        # Nothing is announced for this: `finished` and `claim` stay those of the announcement.
        self._update(key, values, "#rank = :rank AND (attribute_not_exists(#end) OR #end < :end)")
        return self._has_claim(end.run, claim) or self._claim_late_announcement(end.run, end.state.rank)

    def announced(self, run: str, state: RunState) -> bool:
        """Note that the end of a run was put onto the bus."""
        return self._update(
            names.run_record(run),
            {"announced": state.rank},
            "attribute_not_exists(#announced) OR #announced < :announced",
        )

    def items(self, bucket: str, key: str) -> list[dict[str, Any]]:
        """The items of one source."""
        return list(self._query("pk", names.item_partition(bucket, key)))

    def some_items(self, items: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Those of these items (bucket, key, task) that there are: a request for a hundred of any sources."""
        found = self._get_many(names.item_record(*item) for item in items)
        return {(one["bucket"], one["key"], one["task"]): one for one in found}

    def all_items(self) -> Iterator[dict[str, Any]]:
        """The items of all sources, in no order (eventually consistent). Reads the whole table."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(pk, :sources)",
            ExpressionAttributeValues=dumped({":sources": names.item_partition("", "").removesuffix("/")}),
        )
        with translated(f"reading the ledger '{self._table}'"):
            for page in pages:
                yield from map(loaded, page["Items"])

    def bad_items(self, run: str) -> Iterator[dict[str, Any]]:
        """The rejected and failed items of a run, from the sparse index (eventually consistent)."""
        return self._query("index_pk", names.bad_partition(run), index=INDEX)

    def run(self, run: str) -> dict[str, Any] | None:
        """The record of a run, or None."""
        return self._get(names.run_record(run))

    def records(self, runs: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The records of those of these runs that have one: a request for a hundred."""
        wanted = {names.run_record(run): run for run in runs}
        return {wanted[names.Key(one["pk"], one["sk"])]: one for one in self._get_many(wanted)}

    def arrays(self, run: str) -> tuple[ArrayEnd, ...]:
        """The array jobs of a run that have ended, by their first child."""
        known = {f.name for f in fields(ArrayEnd)}
        records = self._query("pk", names.run_record(run).pk)
        return tuple(
            ArrayEnd(**{name: value for name, value in record.items() if name in known})
            for record in records
            if record["sk"].startswith("array#")
        )

    def reports(self, run: str, children: int) -> Iterator[tuple[Counts, tuple[ErrorGroup, ...]]]:
        """What the children of a run reported; a child that only failed counts nothing."""
        for record in self.children(run, children):
            if "counts" in record:
                yield (
                    Counts(**record["counts"]),
                    tuple(ErrorGroup(**group) for group in record["errors"]),
                )

    def children(self, run: str, children: int, within: range | None = None) -> Iterator[dict[str, Any]]:
        """The records of a run's children, in no order; of those `within` consecutive numbers, if given."""
        for shard in range(names.report_shards(children)):
            yield from self.shard(run, shard, within)

    def summed(self, run: str, children: int) -> Iterator[dict[str, Any]]:
        """What a sum needs of the records of a run's children, in no order; several partitions at a time.

        Memory: a page (1 MB at most as DynamoDB counts) of each partition.
        """
        parts = (names.report_partition(run, shard) for shard in range(names.report_shards(children)))
        pages = (self._pages("pk", partition, only=SUMMED) for partition in parts)
        for page in interleaved(pages, SUM_THREADS):
            yield from page

    def shard(self, run: str, shard: int, within: range | None = None) -> Iterator[dict[str, Any]]:
        """The records of the children whose reports lie in one partition, by their numbers."""
        between = names.report_sorts(within) if within else None
        return self._query("pk", names.report_partition(run, shard), between=between)

    def failures(self, run: str, children: int, within: range) -> Iterator[ChildFailure]:
        """What Batch said of the dead ones among the run's children `within` these numbers, in no order."""
        chosen: dict[str, Any] = {
            "FilterExpression": "attribute_exists(failure)",
            "ProjectionExpression": "failure",
        }
        for shard in range(names.report_shards(children)):
            partition = names.report_partition(run, shard)
            for record in self._query("pk", partition, between=names.report_sorts(within), **chosen):
                yield ChildFailure(**record["failure"])

    def _has_claim(self, run: str, claim: str) -> bool:
        # The client repeats a write whose answer got lost, and is then refused by its own first try.
        record = self.run(run)
        return record is not None and record.get("claim") == claim

    def _claim_late_announcement(self, run: str, rank: int) -> bool:
        now = int(self._clock())
        return self._update(
            names.run_record(run),
            {"finished": now},
            "#rank = :rank AND (attribute_not_exists(#announced) OR #announced < :rank)"
            " AND #finished < :late",
            {"rank": rank, "late": now - ANNOUNCE_WITHIN},
            {"rank": "rank", "announced": "announced"},
        )
