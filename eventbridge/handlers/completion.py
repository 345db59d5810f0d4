"""Lambda function `<project>-completion`: the ends of Batch jobs."""

import os
from typing import Any

from batchkit.entry import handlers


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return handlers.complete(event, os.environ)
