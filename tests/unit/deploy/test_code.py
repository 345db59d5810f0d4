from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from batchkit.deploy import code

if TYPE_CHECKING:
    from pathlib import Path

PROBE = """
import sys
class Fence:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {forbidden}:
            raise ModuleNotFoundError("No module named " + repr(top), name=top)
sys.meta_path.insert(0, Fence())
import completion, gallery, rejected_upload, waiting
files = ((module.__name__, getattr(module, "__file__", None) or "") for module in list(sys.modules.values()))
print(*sorted(name for name, file in files if file.startswith({root!r})))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    zipfile.ZipFile(io.BytesIO(code.pack().body)).extractall(folder)
    return folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.py")}


def test_the_same_sources_are_the_same_bytes() -> None:
    first, second = code.pack(), code.pack()
    assert first.body == second.body
    assert first.key == second.key
    assert first.key.startswith("code/")


def test_nothing_in_the_zip_depends_on_when_or_where_it_was_packed() -> None:
    for info in zipfile.ZipFile(io.BytesIO(code.pack().body)).infolist():
        assert info.date_time == code.EPOCH
        assert info.external_attr == code.READABLE
        assert not info.filename.startswith("/")


def test_the_functions_import_with_the_standard_library_and_boto3_alone_and_need_all_that_is_packed(
    unpacked: Path,
) -> None:
    forbidden = ["msgspec", "click", "rich", "moto", "docker", "PIL", "numpy", "yaml"]
    probe = PROBE.format(forbidden=forbidden, root=str(unpacked))
    environ = {**os.environ, "PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=unpacked, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.replace(".", "/") for name in done.stdout.split()}
    packed = {name.removesuffix(".py").removesuffix("/__init__") for name in files(unpacked)}
    assert loaded == packed


def test_importing_a_handler_reads_no_environment_and_builds_no_client(unpacked: Path) -> None:
    environ = {"PYTHONPATH": str(unpacked), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    probe = (
        "import completion, gallery, rejected_upload, waiting; "
        "from batchkit.entry import handlers; "
        "print(handlers._clients.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=unpacked, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"


def test_imports_for_type_checkers_are_not_packed(tmp_path: Path) -> None:
    source = tmp_path / "handler.py"
    source.write_text(
        "from typing import TYPE_CHECKING\n"
        "import batchkit.planning.names\n"
        "from batchkit.planning import arrays\n"
        "if TYPE_CHECKING:\n    from batchkit.project import Project\n"
        "def late():\n    from batchkit import canonical\n"
    )
    assert code.closure([source]) == {
        "batchkit",
        "batchkit.planning",
        "batchkit.planning.names",
        "batchkit.planning.arrays",
        "batchkit.canonical",
    }
