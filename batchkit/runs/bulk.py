"""The bulk lane of one project, composed: claim → draft → submit.

request ─ claim ─ run ─┬─ its stored plan, if an interrupted command left one
                       └─ a new one (runs/drafting.py)
plan ─ steps ─ executor (AWS, or a rehearsal)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from batchkit.aws import uploading
from batchkit.aws.account import account_id
from batchkit.aws.objects import Objects
from batchkit.aws.queue import Queue
from batchkit.aws.run_ledger import RunLedger
from batchkit.aws.spot_prices import spot_vcpu_hour
from batchkit.planning import names
from batchkit.planning.backfill import Plan
from batchkit.planning.prices import PRICES, compute_price, overridden
from batchkit.runs import intents, kept
from batchkit.runs.classify import Classifier
from batchkit.runs.drafting import Drafting
from batchkit.runs.interrupts import Stopped, unless_stopped
from batchkit.runs.requests import Prepared, Request
from batchkit.runs.spool import Spool
from batchkit.runs.steps import Destination, Step, steps
from batchkit.runs.submit import AwsExecutor, Report, execute
from batchkit.worker.assignment import Place

if TYPE_CHECKING:
    from pathlib import Path

    from batchkit.aws.clients import Clients
    from batchkit.planning.prices import Price
    from batchkit.project import Project
    from batchkit.runs.steps import Executor


def _always(run: str) -> None:
    """Nobody has a say in it."""


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """One project's bulk lane, on AWS or on what answers at the clients' endpoint.

    `permit` is told of a run before each step of its submission, and raises when it must not go on.
    """

    project: Project
    clients: Clients
    artifacts: str
    table: str
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    permit: Callable[[str], None] = _always

    @classmethod
    def of(cls, project: Project, clients: Clients) -> Bulk:
        """Where the project was deployed to. Raises ConfigError without region or credentials."""
        account, region = account_id(clients.sts), clients.batch.meta.region_name
        artifacts = names.artifacts_bucket(project.name, account, region)
        return cls(
            project=project, clients=clients, artifacts=artifacts, table=names.ledger_table(project.name)
        )

    @cached_property
    def ledger(self) -> RunLedger:
        return RunLedger(self.clients.dynamodb, self.table, self.clock)

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.clients.s3)

    @cached_property
    def queue(self) -> Queue:
        return Queue.of(self.clients)

    @cached_property
    def drafting(self) -> Drafting:
        return Drafting(self.project, self.clients, self._classifier, self.clock)

    @property
    def destination(self) -> Destination:
        name = names.queue(self.project.name, "bulk")
        return Destination(self.artifacts, queue=name, definition=name)

    def rehearse(self, request: Request, folder: Path, stopped: Stopped) -> Prepared:
        """A plan that nothing but this process knows of; its files in `folder`."""
        # Kept and submitted, it is a run like any other: no two plans are of one run.
        run = names.bulk_run(int(self.clock()), uuid.uuid4().hex)
        return self.drafting.draft(request, run, folder, stopped)

    def prepare(
        self,
        request: Request,
        folder: Path,
        stopped: Stopped,
        *,
        again: bool = False,
        over: intents.Over = intents.is_over,
        delivery: str = "",
        foreseen: Prepared | None = None,
    ) -> Prepared:
        """The plan of the run that this command works on: an interrupted one's stored plan, or a new one.

        `delivery` as in `intents.claim`; `foreseen` is what rehearsing the same request has found.
        """
        claim = intents.claim(
            self.ledger,
            intents.token(request.meaning(self.project)),
            int(self.clock()),
            uuid.uuid4().hex,
            is_planned=self._is_planned,
            again=again,
            over=over,
            delivery=delivery,
        )
        stored = self.stored_plan(claim.run) if claim.continued else None
        if stored is not None:
            return Prepared(stored, None, claim, continued=True)
        if foreseen is not None and foreseen.found is not None:
            plan = self.drafting.plan(request, claim.run, foreseen.found)
            return replace(foreseen, plan=plan, claim=claim)
        return replace(self.drafting.draft(request, claim.run, folder, stopped), claim=claim)

    def check_parts(self, *parts: Prepared) -> None:
        """Raises DataError when parts of one command, all planned by now, overwrite each other's outputs."""
        self.drafting.check_parts(parts)

    def keep(self, prepared: Prepared, path: Path) -> None:
        """Keep a rehearsed plan in a file, to be submitted later."""
        if prepared.spool is not None:
            kept.save(prepared.plan, prepared.spool, path, self._circumstances())

    def kept(self, path: Path) -> Prepared:
        """A plan that was kept, to be rehearsed or adopted. Raises DataError when it no longer fits."""
        return Prepared(*kept.load(path, self.project.recipe, self._circumstances()))

    def adopt(self, plan: Plan, spool: Spool | None) -> Prepared:
        """A plan that was made elsewhere, as the run that it names."""
        intent = self.ledger.claim_intent(intents.token({"plan": plan.run}), plan.run, uuid.uuid4().hex)
        begun = self.ledger.run(plan.run) is not None
        claim = intents.Claim(intent, continued=begun)
        return Prepared(plan, spool, claim, continued=begun, adopted=True)

    def prices(self, own: Mapping[str, float]) -> Mapping[str, Price]:
        """The prices to plan with: dated ones, Spot's of now where they count and may be asked for, `own`."""
        compute, live = self.project.compute, None
        spot = compute_price("ec2-spot", compute.architecture, "vcpu")
        if compute.type == "ec2-spot" and spot not in own:
            live = spot_vcpu_hour(self.clients.ec2, compute.architecture, self.clock)
        return overridden(own, {**PRICES, spot: live} if live else PRICES)

    def release(self, prepared: Prepared) -> None:
        """Forget that this command works on the run: nothing is left to do."""
        if prepared.claim is not None:
            self.ledger.release(prepared.claim.intent)

    def stored_plan(self, run: str) -> Plan | None:
        """The plan of a run whose manifest is stored."""
        found = self.objects.get(self.artifacts, names.plan_key(run))
        return Plan.from_json(found.body) if found else None

    def _is_planned(self, run: str) -> bool:
        return self.objects.head(self.artifacts, names.plan_key(run)) is not None

    def steps(self, prepared: Prepared, source: str) -> Iterator[Step]:
        """What submitting does."""
        document = self.project.recipe.document
        return steps(prepared.plan, self.destination, source, document, prepared.spool)

    def submit(
        self, prepared: Prepared, source: str, report: Report, stopped: Stopped, *, waits: bool = False
    ) -> None:
        """Take all steps. Raises Interrupted between two of them; repeating is how to go on.

        Unless the command `waits` for the run's end, it is answered then.
        """
        execute(self.steps(prepared, source), self._executor(prepared, stopped), report, stopped)
        if not waits:
            self.answered(prepared)

    def answered(self, prepared: Prepared) -> None:
        """Note that the command has said all that it was asked for: repeated, it begins a new run."""
        if prepared.claim is not None:
            self.ledger.answered(prepared.claim.intent)

    def has_ended(self, prepared: Prepared) -> bool:
        """Whether the run has ended, which a command that was broken off may not know."""
        return prepared.continued and intents.is_done(self.ledger.run(prepared.plan.run))

    def _circumstances(self) -> Mapping[str, str]:
        return kept.circumstances(self.project, self.artifacts)

    @property
    def _place(self) -> Place:
        output = self.project.output
        return Place(self.project.name, self.table, self.artifacts, output.bucket, output.key)

    def _classifier(self) -> Classifier:
        """The ledger's word counts for an output that was made."""
        return Classifier(self.objects, self.project.recipe, self._place, records=self.ledger)

    def _guard(self, prepared: Prepared) -> Callable[[], None]:
        claimed = intents.guard(self.ledger, prepared.claim) if prepared.claim else None

        def check() -> None:
            self.permit(prepared.plan.run)
            if claimed:
                claimed()

        return check

    def _executor(self, prepared: Prepared, stopped: Stopped) -> Executor:
        return AwsExecutor(
            artifacts=self.artifacts,
            objects=self.objects,
            uploader=partial(uploading.upload, self.clients.s3),
            ledger=self.ledger,
            jobs=self.queue,
            sleep=unless_stopped(self.sleep, stopped),
            stopped=stopped,
            clock=self.clock,
            guard=self._guard(prepared),
        )
