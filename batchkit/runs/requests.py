"""What a person asks of the bulk lane, and the run that is planned for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from batchkit.planning.backfill import Options
from batchkit.planning.cost import Machine
from batchkit.planning.prices import PRICES
from batchkit.planning.selection import Selection
from batchkit.planning.sizing import MODEL, SECONDS_PER_CHILD, FanOut, Model
from batchkit.planning.source_spec import KeyFile, SourceSpec

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.planning.backfill import Found, Plan
    from batchkit.planning.manifest import Source
    from batchkit.planning.prices import Price
    from batchkit.project import Project
    from batchkit.runs.duplicates import Repeats
    from batchkit.runs.intents import Claim
    from batchkit.runs.spool import Spool

Wanted = Callable[["Source"], bool]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asks for. `source` is the text of `spec`; `keys` is the file behind a KeyFile,
    and `repeats` which of its lines are left out, once somebody has looked.

    `part` tells runs of one command apart (a canary, the rest); `wanted` chooses their sources. Another part
    has `taken` so many of the selection's limit before, which are up to date by now. `max_bad` is the plan's;
    None: the project's. `most_per_child` (items) bounds a child's shard, whatever the model says;
    `lanes` are what the job definition gives a child, where a run's children have more vCPUs than that.
    """

    source: str
    spec: SourceSpec
    selection: Selection = field(default_factory=Selection)
    changed_only: bool = False
    fan_out: FanOut = "source"
    seconds_per_child: float = SECONDS_PER_CHILD
    model: Model = MODEL
    max_bad: float | None = None
    most_per_child: int | None = None
    lanes: int | None = None
    prices: Mapping[str, Price] = field(default_factory=lambda: PRICES)
    keys: Path | None = None
    repeats: Repeats | None = None
    part: str = ""
    wanted: Wanted | None = None
    taken: int | None = None

    def meaning(self, project: Project) -> dict[str, Any]:
        """What makes two commands the same: JSON-able. Prices and speed are no part of it."""
        return {
            "project": project.name,
            "recipe": project.recipe.digest,
            "source": self.source,
            "content": _digest(self.keys) if self.keys else "",
            "bucket": (self.spec.bucket or "") if isinstance(self.spec, KeyFile) else "",
            "selection": asdict(self.selection),
            "changed_only": self.changed_only,
            "fan_out": self.fan_out,
            "seconds_per_child": float(self.seconds_per_child),
            "part": self.part,
        }

    def options(self, project: Project) -> Options:
        """How its run is to be cut up, on what the project's children run on."""
        compute, output = project.compute, project.output
        # A child on Fargate has a public address of its own, which is billed, or none.
        public_ip = project.network.egress == "public-ip"
        return Options(
            machine=Machine(
                compute.type, compute.vcpus, int(compute.memory), public_ip, compute.architecture
            ),
            max_vcpus=compute.max_vcpus,
            fan_out=self.fan_out,
            seconds_per_child=self.seconds_per_child,
            timeout=compute.bulk_timeout,
            most_per_child=self.most_per_child,
            lanes=self.lanes,
            model=self.model,
            max_bad=project.bulk.max_bad if self.max_bad is None else self.max_bad,
            output_events=output.bucket == project.upload.bucket,
            prices=self.prices,
        )


@dataclass(frozen=True)
class Prepared:
    """A run that is planned: by now, or (`continued`) by the same command, which had begun to submit it.

    `spool` is None when its manifest is stored already; `found` says what is in it, if it was planned by
    now. Without a `claim` it can only be rehearsed, or be planned anew as another run. `adopted`: a plan that
    was made elsewhere names the run, so that the command never begins another one.
    """

    plan: Plan
    spool: Spool | None
    claim: Claim | None = None
    continued: bool = False
    found: Found | None = None
    adopted: bool = False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
