from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from batchkit.cli.dlq import tell
from batchkit.deploy.replay import Replayed
from batchkit.errors import Throttled
from batchkit.planning.dead_letters import parse

if TYPE_CHECKING:
    from collections.abc import Iterator


def broken_off() -> Iterator[Replayed]:
    yield Replayed(parse("1", "{}", {"SCHEDULE_ARN": "a"}), "submit photos-nightly")
    raise Throttled("AWS kept failing", found="ServiceUnavailable")


@pytest.mark.parametrize("output", ["table", "json"])
def test_what_was_delivered_before_an_error_is_told(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Throttled):
        tell(broken_off(), dry_run=False, output=output)
    assert "submit photos-nightly" in capsys.readouterr().out
