"""The build context: the same content gives the same bytes, and all that a worker imports is in it."""

from __future__ import annotations

import importlib.metadata
import io
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit import resources
from batchkit.deploy.image import base, context

DOCKERFILE = resources.path("containers/worker/Dockerfile").read_text(encoding="utf-8")

IMPORT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import batchkit.entry.worker, batchkit.entry.child, batchkit.entry.operations
import batchkit.job, image_variants, image_facts
ours = ("batchkit", "image_variants", "image_facts")
print(json.dumps([m.__file__ for name, m in list(sys.modules.items()) if name.split(".")[0] in ours]))
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "thing-1-py3-none-any.whl"
    path.write_bytes(b"a wheel")
    return path


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The context's application as it lies in the image."""
    for name, body in context.application().items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return tmp_path / "app"


def test_packing_twice_gives_the_same_bytes(wheel: Path) -> None:
    assert context.pack([wheel], []) == context.pack([wheel], [])


def test_other_wheels_give_another_name(wheel: Path) -> None:
    before = context.digest(context.pack([wheel], []))
    wheel.write_bytes(b"another wheel")

    assert context.digest(context.pack([wheel], [])) != before


def test_the_base_image_and_the_labels_decide_the_name_too() -> None:
    names = {context.digest(b"context", *decided) for decided in (["a", "b"], ["a", "c"], ["ab", ""])}

    assert len(names) == 3


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-zé ]{1,120})?", fullmatch=True), st.binary(max_size=99))
)
def test_the_tar_holds_what_was_put_in_whatever_the_order(content: dict[str, bytes]) -> None:
    packed = context.tar(content)

    backwards = dict(reversed(content.items()))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}  # type: ignore[union-attr]
    assert found == content
    assert context.tar(backwards) == packed


def test_sources_come_along(wheel: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pillow-1.tar.gz"
    archive.write_bytes(b"an archive")

    assert context.files([wheel], [archive])["sources/pillow-1.tar.gz"] == b"an archive"


def test_an_image_has_either_pillow_with_avx2_or_libvips() -> None:
    with_avx2, without = context.locks(avx2=True), context.locks(avx2=False)

    assert {lock.name for lock in without} - {lock.name for lock in with_avx2} == {"libvips.lock"}
    assert context.source_lock(avx2=True).name == "avx2.lock"
    assert context.source_lock(avx2=False).name == "pyvips.lock"


def test_the_context_has_everything_that_the_dockerfile_copies(wheel: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pyvips-1.tar.gz"
    archive.write_bytes(b"an archive")
    names = set(context.files([wheel], [archive]))
    folders = {name.partition("/")[0] for name in names}

    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert set(line.split()) <= folders


def test_a_worker_imports_batchkit_and_its_jobs_from_the_context_alone(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, unpacked], capture_output=True, text=True, check=True, cwd=unpacked
    )

    files = [Path(name) for name in json.loads(done.stdout)]
    assert len(files) > 30
    assert all(path.is_relative_to(unpacked) for path in files)


def test_the_command_line_and_the_local_stack_stay_out() -> None:
    assert not [name for name in context.application() if re.match(r"batchkit/(cli|local|deploy)/", name)]


def test_compiled_files_of_this_machine_stay_out() -> None:
    assert not [name for name in context.application() if "__pycache__" in name]


def test_the_jobs_are_found_by_their_names_in_the_image(unpacked: Path) -> None:
    (found,) = importlib.metadata.distributions(path=[str(unpacked)])

    assert found.entry_points.names == {"image-variants", "image-facts"}


def test_no_step_of_the_dockerfile_goes_through_a_shell() -> None:
    steps = re.findall(r"^(?:RUN|CMD|ENTRYPOINT) (.)", DOCKERFILE, re.MULTILINE)

    assert len(steps) == 5
    assert set(steps) == {"["}


def test_the_dockerfile_names_the_default_base_image() -> None:
    assert f"ARG BASE_IMAGE={base.DEFAULT}\n" in DOCKERFILE


def test_the_dockerfile_asks_for_no_network() -> None:
    assert "# syntax=" not in DOCKERFILE
    assert not re.search(r"^ADD ", DOCKERFILE, re.MULTILINE)


def test_the_image_runs_as_the_user_that_the_job_definitions_name() -> None:
    template = resources.path("cloudformation/compute.yaml").read_text(encoding="utf-8")
    users = set(re.findall(r'User: "([^"]+)"', template))

    assert users == set(re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE))
