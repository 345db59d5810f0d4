"""A whole batchkit.toml: its tables, and the recipe and rules that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from batchkit import recipe
from batchkit.errors import ConfigError
from batchkit.planning import outputs
from batchkit.planning.uploads import UploadRules
from batchkit.project.tables import (
    Alarms,
    Backfill,
    Compute,
    Gallery,
    Network,
    Output,
    Schedule,
    Storage,
    Upload,
)


@dataclass(frozen=True)
class Project:
    """A whole batchkit.toml; `parameters` is [job] without `uses`."""

    path: Path
    name: str
    upload: Upload
    output: Output
    compute: Compute
    uses: str
    parameters: Mapping[str, Any]
    network: Network = field(default_factory=Network)
    gallery: Gallery = field(default_factory=Gallery)
    schedule: Schedule = field(default_factory=Schedule)
    alarms: Alarms | None = None
    bulk: Backfill = field(default_factory=Backfill)
    storage: Storage = field(default_factory=Storage)

    @cached_property
    def recipe(self) -> recipe.Recipe:
        """The job and its tasks. Raises ConfigError for what the job refuses, and for tasks that would
        write the same output."""
        try:
            planned = recipe.load(self.uses, self.parameters)
            outputs.check_distinct(self.output.key, planned.tasks)
        except ConfigError as error:
            raise in_file(self.path, error) from error
        return planned

    @property
    def upload_rules(self) -> UploadRules:
        """What EventBridge and the upload handler decide by."""
        return UploadRules(
            bucket=self.upload.bucket,
            prefix=self.upload.prefix,
            suffixes=self.upload.suffixes,
            max_bytes=int(self.upload.max_bytes),
        )

    @property
    def outputs_prefix(self) -> str | None:
        """What all output keys begin with, where outputs and uploads share a bucket; else None."""
        shared = self.output.bucket == self.upload.bucket
        return outputs.literal_prefix(self.output.key) if shared else None


def in_file(path: Path, error: ConfigError) -> ConfigError:
    """The same error, with the file before it."""
    return ConfigError(f"{path}: {error.what}", found=error.found, expected=error.expected, fix=error.fix)
