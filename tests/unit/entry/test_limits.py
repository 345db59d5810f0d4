from pathlib import Path

import pytest

from batchkit.entry import limits
from batchkit.errors import ConfigError

MIB = 1024 * 1024


def cgroups(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / limits.FILES[int(name[1:]) - 1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


def test_the_least_of_all_limits_holds(tmp_path: Path) -> None:
    told = {"BATCHKIT_MEMORY": "2048"}
    assert limits.memory(told, tmp_path / "none") == 2048 * MIB
    assert limits.memory(told, cgroups(tmp_path / "a", v2=str(512 * MIB))) == 512 * MIB
    assert limits.memory(told, cgroups(tmp_path / "b", v1=str(8192 * MIB))) == 2048 * MIB
    assert limits.memory({}, cgroups(tmp_path / "c", v1=str(300 * MIB))) == 300 * MIB


def test_no_limit_is_none(tmp_path: Path) -> None:
    assert limits.memory({}, tmp_path) is None
    assert limits.memory({"BATCHKIT_MEMORY": ""}, cgroups(tmp_path / "a", v2="max")) is None
    assert limits.memory({}, cgroups(tmp_path / "b", v1="9223372036854771712")) is None


@pytest.mark.parametrize("value", ["2 GB", "0", "-1"])
def test_a_variable_that_is_no_number_is_named(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="BATCHKIT_MEMORY is not a number"):
        limits.memory({"BATCHKIT_MEMORY": value}, tmp_path)
