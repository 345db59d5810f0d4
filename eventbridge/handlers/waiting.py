"""Lambda function `<project>-waiting`: what waits in the queues, and queues that are blocked."""

import os
from typing import Any

from batchkit.entry import handlers


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return handlers.wait(event, os.environ)
