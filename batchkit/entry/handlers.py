"""What the Lambda functions start: clients are built, one verb is called. Standard library and boto3 only."""

from __future__ import annotations

import json
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from batchkit.aws.bus import Bus
from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.aws.queue import Queue
from batchkit.completion import changes, counting, rejections, waiting
from batchkit.completion.completion import Completion
from batchkit.completion.rejections import Rejections
from batchkit.errors import ConfigError
from batchkit.gallery import due as dues
from batchkit.gallery.changing import Files
from batchkit.gallery.curator import Curator
from batchkit.planning import metrics, uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROJECT = "BATCHKIT_PROJECT"
LEDGER = "BATCHKIT_LEDGER"
ARTIFACTS = "BATCHKIT_ARTIFACTS"
OUTPUT = "BATCHKIT_OUTPUT_BUCKET"
RECIPE = "BATCHKIT_RECIPE"
UPLOADS = uploads.VARIABLE


def complete(event: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Record what a Batch Job State Change says. Returns what was done, for the log.

    Raises batchkit's errors: Lambda then tries again, and keeps the event among the dead letters.
    """
    change = changes.parse(event)
    if change is None:
        return {"ignored": True}
    clients = _clients(environ.get("AWS_ENDPOINT_URL", ""))
    project = _variable(environ, PROJECT)
    completion = Completion(
        project=project,
        artifacts=_variable(environ, ARTIFACTS),
        ledger=Ledger(clients.dynamodb, _variable(environ, LEDGER)),
        objects=Objects(clients.s3),
        bus=Bus(clients.events, project),
    )
    end = completion.record(change)
    done: dict[str, Any] = {"job": change.job, "status": change.status, "finished": end.run if end else None}
    if metrics.is_enabled(environ):
        done |= counting.line(project, change, end, int(time.time() * 1000))
    return _logged(done)


def wait(event: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Look at what waits in the project's queues; or record that one of them is blocked, if `event` says so.

    Publishes metrics of it. Returns what was found, for the log.
    """
    project, now = _variable(environ, PROJECT), int(time.time() * 1000)
    blocked = waiting.blocked(event)
    if blocked is not None:
        return _logged(
            {**blocked, **metrics.line(metrics.BLOCKED, {"Project": project}, {"Blocked": 1}, now)}
        )
    queue = Queue.of(_clients(environ.get("AWS_ENDPOINT_URL", "")))
    found = [waiting.look(queue, project, lane) for lane in ("upload", "bulk")]
    # Nothing waits nearly always; a metric that is not published costs nothing.
    for seen in found:
        if seen.jobs:
            place = {"Project": project, "Lane": seen.lane}
            _logged(metrics.line(metrics.WAITING, place, seen.values(now), now))
    return {seen.lane: seen.jobs for seen in found}


def reject(event: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Record and announce an upload that is not accepted. Returns what was done, for the log."""
    uploaded = rejections.parse(event)
    if uploaded is None:
        return {"ignored": True}
    clients = _clients(environ.get("AWS_ENDPOINT_URL", ""))
    project = _variable(environ, PROJECT)
    refused = Rejections(
        project=project,
        recipe=_variable(environ, RECIPE),
        rules=uploads.UploadRules.from_json(_variable(environ, UPLOADS)),
        ledger=Ledger(clients.dynamodb, _variable(environ, LEDGER)),
        bus=Bus(clients.events, project),
    )
    item = refused.record(uploaded)
    return _logged({"key": uploaded.key, "rejected": item.error_class if item else None})


def show(
    event: Mapping[str, Any], environ: Mapping[str, str], milliseconds_left: Callable[[], int]
) -> dict[str, Any]:
    """Bring the gallery up to date with what an event says. Returns what was done, for the log."""
    due = dues.parse(event)
    if due is None:
        return {"ignored": True}
    clients = _clients(environ.get("AWS_ENDPOINT_URL", ""))
    project, objects = _variable(environ, PROJECT), Objects(clients.s3)
    curator = Curator(
        project=project,
        artifacts=_variable(environ, ARTIFACTS),
        ledger=Ledger(clients.dynamodb, _variable(environ, LEDGER)),
        objects=objects,
        bus=Bus(clients.events, project),
        files=Files(objects, _variable(environ, OUTPUT)),
    )
    done = curator.update(due, lambda: milliseconds_left() / 1000)
    return _logged({"run": due.run, "sources": done.sources, "sent": done.sent})


@lru_cache(maxsize=1)
def _clients(endpoint: str) -> Clients:
    """The clients of a warm function. They read the endpoint themselves; another one needs others."""
    return Clients()


def _variable(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise ConfigError(
            f"the environment variable {name} is missing",
            expected="the value that the rules' template gives",
            fix="deploy again",
        )
    return environ[name]


def _logged(done: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(done, ensure_ascii=False))
    return done
