"""A bulk run submitted by hand: its manifest in S3 and one job of the bulk queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchkit.planning import manifest, names
from batchkit.planning.manifest import Source
from batchkit.planning.shards import Shape

if TYPE_CHECKING:
    from support.world import World


def submit(world: World, run: str, keys: list[str], per_child: int) -> str:
    """Write the manifest of a run and submit its job, plain or array; the job's id."""
    bucket = world.sandbox.project.upload.bucket
    chunks = list(manifest.write(Source(bucket=bucket, key=key) for key in keys))
    artifacts = world.sandbox.outputs["ArtifactsBucket"]
    world.objects.put(artifacts, names.manifest_key(run), b"".join(c[0] for c in chunks), "text/plain")
    world.objects.put(artifacts, names.index_key(run), b"".join(c[1] for c in chunks), "text/plain")
    recipe = world.sandbox.project.recipe
    children = Shape(len(keys), len(recipe.tasks), per_child).children
    array: dict[str, Any] = {"arrayProperties": {"size": children}} if children > 1 else {}
    answer = world.sandbox.clients.batch.submit_job(
        jobName=run,
        jobQueue=f"{world.sandbox.project.name}-bulk",
        jobDefinition=f"{world.sandbox.project.name}-bulk",
        parameters={
            "run": run,
            "recipe": recipe.digest,
            "sources": str(len(keys)),
            "per_child": str(per_child),
            "first_child": "0",
            "time": "1795162502",
        },
        **array,
    )
    return answer["jobId"]
