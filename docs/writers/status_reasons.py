"""Why jobs fail or wait, from the table that `batchkit explain` answers from."""

from __future__ import annotations

from batchkit.planning import failures
from batchkit.planning.diagnoses import FailureClass
from batchkit.planning.waits import known_waits
from docs.writers.markdown import cell, code, document, table

INTRODUCTION = """\
What AWS Batch says of a job, what that means, and what to do: the table that `batchkit explain JOB`
answers from, in its order. The first text that fits decides, of the container's reason, then of the job's
status reason, then the exit code. How to find the job and its words:
[troubleshooting](../howto/troubleshooting.md)."""

CLASSES = """\
## Classes

The class says what helps; `batchkit retry RUN --only CLASS` takes the items of one."""

_CLASSES = {
    FailureClass.INPUT: "another source: the item is `rejected`, and never tried again by itself",
    FailureClass.RECIPE: "another recipe, or a corrected job",
    FailureClass.OOM: "more memory: `retry` gives it, in a run of its own",
    FailureClass.TIMEOUT: "more time, or smaller shards, which `retry` makes",
    FailureClass.INFRASTRUCTURE: "a repaired project: image, roles, network, quotas",
    FailureClass.SPOT: "just again",
}


def page() -> str:
    return document(
        "Status reasons",
        INTRODUCTION,
        CLASSES,
        table(("class", "what helps"), ((code(one.value), _CLASSES[one]) for one in FailureClass)),
        "## A failed job",
        table(("where", "what it says", "cause", "class", "to do"), map(_failed, failures.known())),
        "## A job that has not failed",
        table(
            ("status", "meaning", "to do"),
            ((code(status), cell(one.message), cell(one.advice())) for status, one in known_waits()),
        ),
    )


def _failed(one: failures.Known) -> tuple[str, ...]:
    said = f"{code(one.text)} …" if one.is_beginning else code(one.text) if one.text else "anything else"
    found = one.diagnosis
    cause = f"{code(found.error_class)}: {cell(found.message)}"
    return one.where, said, cause, code(found.failure_class.value), cell(found.advice())
