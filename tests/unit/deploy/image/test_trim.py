"""What stays of the installed packages."""

from __future__ import annotations

import importlib.util
from pathlib import Path, PurePosixPath

import pytest

from batchkit import resources

SPEC = importlib.util.spec_from_file_location("trim", resources.path("containers/worker/trim.py"))
assert SPEC
assert SPEC.loader
trim = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(trim)


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/dynamodb/2012-08-10/endpoint-rule-set-1.json.gz",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/_retry.json",
        "botocore/cacert.pem",
        "numpy/testing/__init__.py",
        "numpy.libs/libscipy_openblas64_-1.so",
        "PIL/Image.py",
        "boto3-1.0.dist-info/METADATA",
        "boto3-1.0.dist-info/licenses/LICENSE",
    ],
)
def test_what_a_worker_reads_stays(path: str) -> None:
    assert trim.is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "botocore/data/s3control/2018-08-20/service-2.json.gz",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "numpy/_core/tests/test_umath.py",
        "numpy/f2py/crackfortran.py",
        "numpy/_core/include/numpy/arrayobject.h",
        "PIL/_imaging.pyi",
    ],
)
def test_what_it_never_reads_goes(path: str) -> None:
    assert not trim.is_needed(PurePosixPath(path))


def test_trimming_tells_how_much_it_freed_and_leaves_no_empty_folder(tmp_path: Path) -> None:
    for name in ("botocore/data/ec2/2016/a.json", "botocore/data/s3/2006/a.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"12345")

    assert trim.trim(tmp_path) == 5
    assert [path.name for path in (tmp_path / "botocore/data").iterdir()] == ["s3"]
