"""AWS for unit tests: moto in process, with the gaps closed that the local stack closes, too."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from moto import mock_aws

from batchkit.aws.clients import Clients
from batchkit.local import moto_gaps
from batchkit.local.moto_patches import Patches

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
ACCOUNT = "123456789012"
ROOT = Path(__file__).parents[2]


@contextmanager
def cloud() -> Iterator[Clients]:
    """Clients of an empty account. Nothing outside this process is asked for anything."""
    with mock_aws(), Patches() as patches:
        for gap in moto_gaps.GAPS:
            gap(patches)
        session = boto3.Session("testing", "testing", region_name=REGION)
        yield Clients(session, Config(retries={"total_max_attempts": 1}))
