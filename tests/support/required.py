"""What a test needs and a machine may not have: then it is skipped, or fails where all has to be there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(variable: str, reason: str) -> NoReturn:
    """Skip, for this reason; fail where the variable is 1, as CI sets it for what CI can install."""
    if os.environ.get(variable) == "1":
        pytest.fail(f"{variable}=1, but {reason}")
    pytest.skip(f"{reason}; {variable}=1 makes it a failure")
