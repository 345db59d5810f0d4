"""From a stream of sources to a plan and its manifest on disk.

    sources → accepted by suffix and size → not fresh → manifest.jsonl, manifest.idx → Plan

One pass, in memory that does not grow with the run; a second one over the files only where the template
of the outputs' keys cannot prove that no two sources collide.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from batchkit.aws.objects import url
from batchkit.errors import DataError
from batchkit.planning import backfill
from batchkit.planning.backfill import Found, Options, Plan, Tally
from batchkit.planning.uploads import UNSAFE_KEY, UploadRules, refusal
from batchkit.runs import collisions
from batchkit.runs.classify import State, Verdict
from batchkit.runs.spool import Joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from batchkit.planning.manifest import Source
    from batchkit.recipe import Recipe
    from batchkit.runs.spool import Spool

    Classify = Callable[[Iterable[Source]], Iterator[Verdict]]
    Wanted = Callable[[Source], bool]


@dataclass(frozen=True)
class Target:
    """What a run is of and where it goes: the recipe, the outputs' template, what a source must be.

    Of `rules` only suffixes and size count: a bulk run may take sources of any bucket and prefix.
    """

    recipe: Recipe
    template: str
    rules: UploadRules | None = None


def collect(
    sources: Iterable[Source],
    spool: Spool,
    *,
    target: Target,
    classify: Classify | None = None,
    limit: int | None = None,
    wanted: Wanted | None = None,
    taken: int | None = None,
    repeated: int = 0,
) -> Found:
    """Spool a run's manifest; what is in it.

    `classify` (of a Classifier) leaves out what is fresh. Of the rest the first `limit` are taken, and of
    those the `wanted` ones, which are one of several parts. Where the other part has `taken` its sources
    before, the first of the `wanted` ones are taken that are left of the limit: the same ones. `repeated`
    sources were left out before.
    Raises DataError for colliding outputs; then the spooled files mean nothing.
    """
    tasks = tuple(task.name for task in target.recipe.tasks)
    counter, ours = _Counter(len(tasks), repeated=repeated), wanted or _every
    if taken is not None and limit is not None:
        sources, limit, wanted = filter(wanted, sources), max(limit - taken, 0), None
    # Without a limit the parts need not know of each other.
    sources = sources if limit is not None or wanted is None else filter(wanted, sources)
    checked = (_checked(source, tasks) if source.tasks else source for source in sources)
    accepted = _accepted(checked, target.rules, counter, ours)
    left = _stale(classify(accepted), counter, ours) if classify else accepted
    spool.write(counter.count(filter(wanted, islice(left, limit)) if wanted else islice(left, limit)))
    collisions.check(spool, target.template, target.recipe.tasks, len(counter.buckets))
    return counter.found(checked=classify is not None)


def check_parts(parts: Sequence[tuple[Found, Spool]], target: Target) -> None:
    """Raises DataError when sources of different parts of a run, each from `collect`, collide."""
    buckets = frozenset[str]().union(*(found.buckets for found, _ in parts))
    spools = Joined([spool for _, spool in parts])
    collisions.check(spools, target.template, target.recipe.tasks, len(buckets))


def make_plan(found: Found, *, run: str, started: int, target: Target, options: Options) -> Plan:
    """The plan of what `collect` spooled. Raises DataError for a run that Batch would not take."""
    tasks = [task.name for task in target.recipe.tasks]
    return backfill.plan(run, started, recipe=target.recipe.digest, tasks=tasks, found=found, options=options)


@dataclass
class _Counter:
    """What passes through the pipeline."""

    tasks: int
    sources: int = 0
    bytes: int = 0
    items: int = 0
    unsized: int = 0
    key_bytes: int = 0
    rejected: int = 0
    repeated: int = 0
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    buckets: set[str] = field(default_factory=set)

    def count(self, sources: Iterable[Source]) -> Iterator[Source]:
        """What passes is counted when all of it has: a million times, local names are what is quick."""
        number = size = items = key_bytes = unsized = 0
        tasks, buckets = self.tasks, self.buckets
        for source in sources:
            number += 1
            size += source.size
            items += len(source.tasks) or tasks
            key = source.key
            key_bytes += len(key) if key.isascii() else len(key.encode())
            if not (source.size or source.etag):
                unsized += 1
            buckets.add(source.bucket)
            yield source
        self.sources, self.bytes, self.items = number, size, items
        self.key_bytes, self.unsized = key_bytes, unsized

    def found(self, *, checked: bool) -> Found:
        """`checked` says that all sources were compared with what there is of them."""
        states = {state.value: number for state, number in self.states.items()}
        unchecked = 0 if checked else self.sources
        tally = Tally(**states, rejected=self.rejected, unchecked=unchecked, repeated=self.repeated)
        return Found(
            sources=self.sources,
            bytes=self.bytes,
            items=self.items,
            unsized=self.unsized,
            tally=tally,
            key_bytes=self.key_bytes,
            buckets=frozenset(self.buckets),
        )


def _checked(source: Source, tasks: tuple[str, ...]) -> Source:
    """The source, the tasks that it asks for in the recipe's order, each once, none named where it is all.

    Raises DataError for a task that the recipe does not have: the child would fail, with all its sources.
    """
    unknown = sorted(set(source.tasks) - set(tasks))
    if unknown:
        raise DataError(
            f"the manifest asks for tasks of {url(source.bucket, source.key)} that the recipe does not have",
            found=", ".join(map(ascii, unknown)),
            expected=f"some of {', '.join(tasks)}, or none for all",
            fix='correct "tasks" in the line of this key',
        )
    asked = tuple(task for task in tasks if task in source.tasks)
    return msgspec.structs.replace(source, tasks=() if asked == tasks else asked)


def _every(source: Source) -> bool:
    """Of a run in one part."""
    return True


def _accepted(
    sources: Iterable[Source], rules: UploadRules | None, counter: _Counter, ours: Wanted
) -> Iterator[Source]:
    """Without folder markers, and without what no upload of this suffix or size would be."""
    anywhere = replace(rules, prefix="") if rules else None
    spellings, most = (rules.spellings, rules.max_bytes) if rules else ((), 0)
    for source in sources:
        # Nearly all of a million: what `refusal` would say of them, too.
        if 0 < source.size <= most and source.key.endswith(spellings):
            yield source
        elif source.key.endswith("/") and not source.size:
            continue
        elif anywhere and _is_refused(anywhere, source):
            counter.rejected += ours(source)
        else:
            yield source


def _is_refused(rules: UploadRules, source: Source) -> bool:
    size = source.size if _is_sized(source) else 1
    found = refusal(rules, source.key, size)
    # Only EventBridge cannot deliver such keys.
    return found is not None and found.error_class != UNSAFE_KEY


def _is_sized(source: Source) -> bool:
    """A file of keys gives neither size nor etag; a listing gives both."""
    return bool(source.size or source.etag)


def _stale(verdicts: Iterable[Verdict], counter: _Counter, ours: Wanted) -> Iterator[Source]:
    for verdict in verdicts:
        counter.states[verdict.state] += ours(verdict.source)
        if verdict.state is not State.FRESH:
            yield verdict.source
