from __future__ import annotations

import pytest

from batchkit import resources
from batchkit.errors import ConfigError


@pytest.mark.parametrize(
    "name", ["cloudformation/storage.yaml", "eventbridge/rules.yaml", "eventbridge/handlers"]
)
def test_what_batchkit_carries_is_found(name: str) -> None:
    assert resources.path(name).exists()


def test_a_missing_file_is_an_error_that_names_every_place_it_could_be() -> None:
    with pytest.raises(ConfigError, match=r"cloudformation/nothing\.yaml") as error:
        resources.path("cloudformation/nothing.yaml")
    assert "assets" in str(error.value.expected)
