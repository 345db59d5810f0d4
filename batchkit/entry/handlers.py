"""What the Lambda functions start: clients are built, one verb is called. Standard library and boto3 only."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from batchkit.aws.bus import Bus
from batchkit.aws.clients import Clients
from batchkit.aws.ledger import Ledger
from batchkit.aws.objects import Objects
from batchkit.completion import changes, rejections
from batchkit.completion.completion import Completion
from batchkit.completion.rejections import Rejections
from batchkit.errors import ConfigError
from batchkit.planning import uploads

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = "BATCHKIT_PROJECT"
LEDGER = "BATCHKIT_LEDGER"
ARTIFACTS = "BATCHKIT_ARTIFACTS"
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
    return _logged({"job": change.job, "status": change.status, "finished": end.run if end else None})


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
