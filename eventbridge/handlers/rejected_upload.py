"""Lambda function `<project>-rejected-upload`: uploads that are not accepted."""

import os
from typing import Any

from batchkit.entry import handlers


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return handlers.reject(event, os.environ)
