"""Lambda function `<project>-gallery`: what people see of finished runs."""

import os
from typing import Any

from batchkit.entry import handlers


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return handlers.show(event, os.environ, context.get_remaining_time_in_millis)
