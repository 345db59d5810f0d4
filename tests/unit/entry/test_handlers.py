"""The handlers as Lambda calls them: a dictionary and an environment, against a deployed project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.cloud import REGION, ROOT, cloud
from support.embedded import check_embedded
from support.projects import deployed, photos

from batchkit.aws.ledger import Ledger
from batchkit.entry import handlers
from batchkit.errors import ConfigError
from batchkit.planning import metrics, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batchkit.aws.clients import Clients

EVENTS = ROOT / "eventbridge" / "events"


def sample(name: str) -> dict[str, Any]:
    event = dict(json.loads((EVENTS / f"{name}.json").read_text()))
    parameters = event["detail"].get("parameters", {})
    parameters |= {"recipe": photos(tasks=3).recipe.digest} if parameters else {}
    return event


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    with cloud() as clients:
        deployed(clients, photos(tasks=3))
        # moto's PutEvents would deliver at once, and knows no template of several lines and no functions.
        for rule, target in (
            ("run-finished", "notify"),
            ("item-rejected", "notify"),
            ("gallery-due", "show"),
        ):
            clients.events.remove_targets(Rule=f"photos-{rule}", Ids=[target])
        yield clients


@pytest.fixture(autouse=True)
def _lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    handlers._clients.cache_clear()


def environment(aws: Clients, function: str) -> dict[str, str]:
    found = aws.functions.get_function(FunctionName=f"photos-{function}")
    return dict(found["Configuration"]["Environment"]["Variables"])


def test_the_end_of_an_array_ends_the_run(aws: Clients) -> None:
    environ = environment(aws, "completion")
    done = handlers.complete(sample("batch-finished/match/array-failed"), environ)
    run = Ledger(aws.dynamodb, "photos-ledger").run(done["finished"])
    assert run is not None
    assert (run["state"], run["announced"]) == ("FAILED", run["rank"])
    again = handlers.complete(sample("batch-finished/match/array-failed"), environ)
    assert again["finished"] is None


def test_a_refused_upload_is_recorded(aws: Clients, capsys: pytest.CaptureFixture[str]) -> None:
    done = handlers.reject(sample("upload-rejected/match/empty"), environment(aws, "rejected-upload"))
    assert done == {"key": "uploads/empty.jpg", "rejected": "Empty"}
    assert json.loads(capsys.readouterr().out) == done
    (item,) = Ledger(aws.dynamodb, "photos-ledger").items("photos-originals", "uploads/empty.jpg")
    assert item["outcome"] == "rejected"


def test_any_other_event_is_ignored_without_an_environment() -> None:
    assert handlers.complete({"detail-type": "Scheduled Event"}, {}) == {"ignored": True}
    assert handlers.reject({}, {}) == {"ignored": True}
    assert handlers.show({"detail-type": "Run Finished"}, {}, lambda: 0) == {"ignored": True}


def test_a_refused_upload_is_in_the_gallery(aws: Clients) -> None:
    handlers.reject(sample("upload-rejected/match/too-big"), environment(aws, "rejected-upload"))
    (item,) = Ledger(aws.dynamodb, "photos-ledger").items("photos-originals", "uploads/panorama.jpg")
    event = sample("item-rejected/match/wrong-type")
    event["detail"]["run"] = item["run"]

    done = handlers.show(event, environment(aws, "gallery"), lambda: 900_000)

    assert done == {"run": item["run"], "sources": 1, "sent": 0}
    shelf = names.gallery_shelf(names.source_id("photos-originals", "uploads/panorama.jpg"))
    assert aws.s3.head_object(Bucket="photos-variants", Key=shelf)["ContentEncoding"] == "gzip"


@pytest.mark.parametrize("missing", [handlers.PROJECT, handlers.LEDGER, handlers.ARTIFACTS])
def test_a_missing_variable_is_named(aws: Clients, missing: str) -> None:
    environ = environment(aws, "completion")
    del environ[missing]
    with pytest.raises(ConfigError, match=missing):
        handlers.complete(sample("batch-finished/match/array-failed"), environ)


@pytest.mark.parametrize("text", ["{}", "no json", '{"bucket": 1}', "[]"])
def test_limits_that_cannot_be_read_are_a_configuration_error(aws: Clients, text: str) -> None:
    environ = {**environment(aws, "rejected-upload"), handlers.UPLOADS: text}
    with pytest.raises(ConfigError, match="does not say what an upload must be"):
        handlers.reject(sample("upload-rejected/match/empty"), environ)


def test_the_end_of_a_run_is_a_metric_of_a_project_that_has_alarms(aws: Clients) -> None:
    environ = environment(aws, "completion")
    event = sample("batch-finished/match/plain-succeeded")
    assert "_aws" not in handlers.complete(event, environ)
    event["detail"]["parameters"]["etag"] = "another"
    done = handlers.complete(event, {**environ, metrics.VARIABLE: metrics.ENABLED})
    assert done["finished"]
    ((name, place),) = check_embedded(done)
    assert (name.startswith("Runs"), place) == (True, ("photos",))


def test_a_blocked_queue_is_a_metric_with_its_reason_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    event = {
        "detail-type": "Batch Job Queue Blocked",
        "detail": {"jobId": "1", "statusReason": "CAPACITY: x"},
    }
    handlers.wait(event, {handlers.PROJECT: "photos"})
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert check_embedded(line) == {("Blocked", ("photos",)): 1}
    assert line["reason"] == "CAPACITY: x"


def test_queues_in_which_nothing_waits_publish_nothing(
    aws: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handlers.wait({}, {handlers.PROJECT: "photos"}) == {"upload": 0, "bulk": 0}
    assert capsys.readouterr().out == ""
