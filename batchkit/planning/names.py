"""Every name that batchkit gives: S3 keys, ledger keys, run ids. Nothing else builds one."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

# All tasks of a source at once: an upload that a rule refused never had tasks.
ALL_TASKS = "*"

# Child reports of a large run are spread: one partition takes 1,000 writes a second (DynamoDB
# Developer Guide, "Designing partition keys"). Small runs stay in one partition: one Query reads them.
REPORT_SHARDS = 16
CHILDREN_PER_SHARD = 64


# The gallery's folder in the output bucket. A million sources are 244 to a shelf, which is read and written
# whole, and 15,625 to a part of the index, which browsers read whole.
GALLERY = "_gallery/"
GALLERY_SHELF_DIGITS = 3
GALLERY_SHELVES = 16**GALLERY_SHELF_DIGITS


@dataclass(frozen=True)
class Key:
    """A primary key of the ledger: `pk`, `sk`."""

    pk: str
    sk: str


def stack(project: str, part: str) -> str:
    """A CloudFormation stack of the project: its storage, compute or rules."""
    return f"{project}-{part}"


def artifacts_bucket(project: str, account: str, region: str) -> str:
    """Recipes, manifests and the handlers' code. At most 61 characters of the 63 that S3 allows."""
    return f"{project}-{account}-{region}"


def queue(project: str, lane: str) -> str:
    """The job queue of a lane (`upload`, `bulk`), and its job definition, which is called the same."""
    return f"{project}-{lane}"


def image_repository(project: str) -> str:
    """The ECR repository of the worker's images."""
    return f"{project}-worker"


def ledger_table(project: str) -> str:
    return f"{project}-ledger"


def worker_logs(project: str) -> str:
    """The log group of all children (cloudformation/compute.yaml)."""
    return f"/batchkit/{project}/worker"


def operations_logs(project: str) -> str:
    """The log group of what schedules start: sweeps and submissions (cloudformation/schedule.yaml)."""
    return f"/batchkit/{project}/operations"


def schedule_group(project: str) -> str:
    """The group of EventBridge schedules of the project (cloudformation/schedule.yaml)."""
    return project


def recipe_key(digest: str) -> str:
    """Artifacts bucket: the recipe document."""
    return f"recipes/{digest}.json"


def project_key(digest: str) -> str:
    """Artifacts bucket: the project as the operations job reads it."""
    return f"projects/{digest}.json"


def manifest_key(run: str) -> str:
    """Artifacts bucket: one source a line."""
    return f"runs/{run}/manifest.jsonl"


def index_key(run: str) -> str:
    """Artifacts bucket: the offsets of the manifest's lines."""
    return f"runs/{run}/manifest.idx"


def plan_key(run: str) -> str:
    """Artifacts bucket: what the run was planned to do and cost."""
    return f"runs/{run}/plan.json"


def report_key(run: str, suffix: str) -> str:
    """Artifacts bucket: the report at the run's end; `suffix` is `jsonl`, `csv` or `html`."""
    return f"runs/{run}/report.{suffix}"


def code_key(digest: str) -> str:
    """Artifacts bucket: the handlers' zip file."""
    return f"code/{digest}.zip"


def gallery_file(name: str) -> str:
    """Output bucket: a file of the gallery's page, such as `index.html`."""
    return f"{GALLERY}{name}"


def gallery_settings() -> str:
    """Output bucket: what the gallery's page knows of its project."""
    return gallery_file("data/settings.json")


def gallery_directory() -> str:
    """Output bucket: which parts of the gallery's index there are."""
    return gallery_file("data/index.json")


def gallery_index(part: str) -> str:
    """Output bucket: a part of the gallery's index."""
    return gallery_file(f"data/index/{part}.json")


def gallery_part(source: str) -> str:
    """The part of the index in which a source (a `source_id`) has its row: one of 64, `00` to `3f`."""
    return f"{int(source[:2], 16) >> 2:02x}"


def gallery_shelf(source: str) -> str:
    """Output bucket: what the gallery knows of a source, and of one in 4,096 of all others."""
    return gallery_file(f"data/sources/{source[:GALLERY_SHELF_DIGITS]}.json")


def gallery_shelf_number(source: str) -> int:
    return int(source[:GALLERY_SHELF_DIGITS], 16)


def upload_run(recipe: str, bucket: str, key: str, etag: str, sequencer: str) -> str:
    """The run of an upload, the same for every delivery of the same S3 event: `u-` and 24 hex digits."""
    text = "\n".join((recipe, bucket, etag, sequencer, key))
    return "u-" + hashlib.sha256(text.encode()).hexdigest()[:24]


def is_upload_run(run: str) -> bool:
    """Whether a run is called as those of uploads are."""
    return run.startswith("u-")


def bulk_run(started: int, token: str) -> str:
    """The run of a bulk submission: `b-`, its start (epoch seconds) in UTC, and 8 hex digits of `token`."""
    moment = time.strftime("%Y%m%dt%H%M%S", time.gmtime(started))
    return f"b-{moment}-{hashlib.sha256(token.encode()).hexdigest()[:8]}"


def job_name(run: str, number: int) -> str:
    """The Batch job of the run's array `number` (from 0); the same on every attempt to submit it."""
    return f"{run}-{number}"


def source_id(bucket: str, key: str) -> str:
    """32 hex digits that stand for a source where its key is too long or not ASCII (metadata, index keys)."""
    return hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()[:32]


def run_record(run: str) -> Key:
    return Key(f"run#{run}", "run")


def intent_record(token: str) -> Key:
    """Which run a command that was not finished had begun; `token` stands for the command's meaning."""
    return Key(f"intent#{token}", "intent")


def job_record(run: str, number: int) -> Key:
    """The Batch job of the run's array `number`, beside the run's own record."""
    return Key(run_record(run).pk, f"job#{number:06d}")


def retry_record(run: str, by: str) -> Key:
    """That the run `by` does again what went wrong in `run`, beside that run's own record."""
    return Key(run_record(run).pk, f"retry#{by}")


def retry_of_record(run: str) -> Key:
    """Which run's items a retry does again, beside its own record."""
    return Key(run_record(run).pk, "retry-of")


def runs_partition(lane: str) -> str:
    """Sparse index: the runs of a lane."""
    return f"runs#{lane}"


def runs_sort(started: int, run: str) -> str:
    """Runs by their start, epoch seconds."""
    return f"{started:012d}#{run}"


def array_record(run: str, first: int) -> Key:
    """The end of one of the run's array jobs, beside the run's own record: one query reads them all."""
    return Key(run_record(run).pk, f"array#{first:09d}")


def report_shard(child: int, children: int) -> int:
    """The shard of a child's report; `child` counts through all arrays of the run."""
    return child % report_shards(children)


def report_shards(children: int) -> int:
    """How many partitions the reports of a run of `children` lie in."""
    return max(1, min(REPORT_SHARDS, children // CHILDREN_PER_SHARD))


def report_partition(run: str, shard: int) -> str:
    return f"run#{run}#{shard}"


def report_record(run: str, child: int, children: int) -> Key:
    return Key(report_partition(run, report_shard(child, children)), report_sort(child))


def report_sort(child: int) -> str:
    """The children of a partition by their numbers."""
    return f"child#{child:09d}"


def report_sorts(within: range) -> tuple[str, str]:
    """The first and the last of consecutive children."""
    return report_sort(within.start), report_sort(within.stop - 1)


def item_partition(bucket: str, key: str) -> str:
    return f"src#{bucket}/{key}"


def item_record(bucket: str, key: str, task: str) -> Key:
    return Key(item_partition(bucket, key), f"task#{task}")


def bad_partition(run: str) -> str:
    """Sparse index: the rejected and failed items of a run."""
    return f"bad#{run}"


def bad_sort(bucket: str, key: str, task: str) -> str:
    # A sort key has at most 1,024 bytes (DynamoDB, Constraints), as many as an S3 key alone.
    return f"{source_id(bucket, key)}#{task}"
