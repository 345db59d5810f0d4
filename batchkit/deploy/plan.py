"""What deploying a project does, as data: printed, compared and tested before anything happens.

The order is part of it. The network and the buckets come first; then what the other stacks point to (the
recipe, the project and the handlers' code, all under their digests, so nothing in use is ever overwritten);
then the queues and job definitions, and what the clock starts; the rules, which set it all in motion, after
everything that they call; and who watches. A network or alarms that the project no longer has go last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchkit import canonical, resources
from batchkit.deploy import parameters
from batchkit.deploy.steps import (
    COMPUTE,
    NETWORK,
    OBSERVABILITY,
    RULES,
    SCHEDULE,
    STORAGE,
    File,
    FromOutput,
    Plan,
    Removal,
    Site,
    Stack,
    Step,
)
from batchkit.gallery import site as gallery
from batchkit.planning import names
from batchkit.project import document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from batchkit.deploy.code import Code
    from batchkit.project import Project

# In an object's metadata: the digest of a content that the key does not name.
CONTENT = "batchkit-content"


def plan(project: Project, site: Site, code: Code) -> Plan:
    """Everything that deploying the project does. Raises ConfigError for a recipe that the job refuses."""
    common = {
        "Project": project.name,
        "UploadBucketName": project.upload.bucket,
        "ArtifactsBucketName": names.artifacts_bucket(project.name, site.account, site.region),
        "LedgerTableName": names.ledger_table(project.name),
    }
    bucket, recipe, described = common["ArtifactsBucketName"], project.recipe, document.encode(project)
    network = _stack(project, NETWORK, parameters.network(project))
    storage = _stack(project, STORAGE, {**common, **parameters.storage(project)})
    logs = {"LogRetention": str(project.storage.log_days), "KmsKeyArn": parameters.key(project, storage)}
    shared = {**common, **logs}
    compute = {**parameters.compute(project, site), **parameters.place(project, network)}
    schedule = parameters.schedule(project, site, canonical.digest(described))
    watched = _stack(project, OBSERVABILITY, {**logs, **parameters.observability(project, common, code)})
    is_given = project.network.is_given
    steps: tuple[Step | None, ...] = (
        None if is_given else network,
        storage,
        File(bucket, names.recipe_key(recipe.digest), recipe.document, "application/json"),
        File(bucket, names.project_key(canonical.digest(described)), described, "application/json"),
        File(bucket, code.key, code.body, "application/zip"),
        _stack(project, COMPUTE, {**shared, **compute}),
        _stack(project, SCHEDULE, {**shared, **schedule}),
        *_gallery(project),
        _stack(project, RULES, {**shared, **parameters.rules(project, code)}),
        watched if project.alarms else Removal(watched.name),
        Removal(network.name) if is_given else None,
    )
    return Plan(project.name, tuple(step for step in steps if step is not None))


def _stack(project: Project, path: str, told: Mapping[str, str | FromOutput]) -> Stack:
    file = resources.path(path)
    return Stack(names.stack(project.name, file.stem), path, file.read_text(), told)


def _gallery(project: Project) -> Iterator[File]:
    """The gallery's page; what it shows is written as it happens."""
    if project.gallery.enabled:
        for one in gallery.placed(project.name, project.gallery.url or ""):
            digest = {CONTENT: canonical.digest(one.body)}
            yield File(project.output.bucket, one.key, one.body, one.content_type, one.headers, digest)
        none = gallery.empty()
        yield File(project.output.bucket, none.key, none.body, none.content_type, none.headers, first=True)
