"""Tests of batchkit.project.check."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.planning.outputs import output_key
from batchkit.planning.resources import FARGATE_MEMORY
from batchkit.project import Project
from batchkit.project.check import check_no_loop
from batchkit.project.tables import Compute, Output, Upload

Written = Callable[..., Project]

SHARED = ('"photos-variants"', '"photos-originals"')
PARTS = st.sampled_from(["{dir}/", "{name}", "{stem}", "{task}", ".{ext}"]) | st.text("ab/", max_size=3)


def project(prefix: str, template: str) -> Project:
    upload = Upload(bucket="one", prefix=prefix, suffixes=(".jpg",))
    output = Output(bucket="one", key=template)
    return Project(Path("batchkit.toml"), "p", upload, output, Compute(), "x:y", {})


def test_a_name_with_two_hyphens_in_a_row_is_refused(written: Written) -> None:
    with pytest.raises(ConfigError, match="two hyphens"):
        written(('"photos"', '"pho--tos"'))


def test_the_gallerys_files_cannot_be_uploads(written: Written) -> None:
    key = ('key = "{dir}/{name}/{task}.{ext}"', 'key = "variants/{dir}/{name}/{task}.{ext}"')
    with pytest.raises(ConfigError, match="its files would be uploads"):
        written(SHARED, key, ('"uploads/"', '"_gal"'))
    assert written(SHARED, key).gallery.enabled


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Upper", "its characters"),
        ("under_score", "its characters"),
        ("-start", "its characters"),
        ("end-", "its characters"),
        ("s3://photos", "its characters"),
        ("photos/uploads", "its characters"),
        ("two..dots", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--photos", "reserves"),
        ("photos-s3alias", "reserves"),
        ("photos--x-s3", "reserves"),
    ],
)
def test_a_bucket_that_s3_would_not_make_is_refused_with_its_table(
    written: Written, name: str, reason: str
) -> None:
    for table, old in (("upload", "photos-originals"), ("output", "photos-variants")):
        with pytest.raises(ConfigError, match=rf"\[{table}\] bucket.*{reason}"):
            written((f'"{old}"', f'"{name}"'))


def test_a_template_with_an_unknown_field_is_refused(written: Written) -> None:
    with pytest.raises(ConfigError, match=r"batchkit\.toml: \[output\] key is not a template"):
        written(("{task}", "{variant}"))


@pytest.mark.parametrize(
    ("prefix", "template"),
    [
        ("uploads/", "{dir}/{name}/{task}.{ext}"),
        ("uploads/", "uploads/{name}/{task}.{ext}"),
        ("uploads/", "uploads/done/{name}.webp"),
        ("uploads/", "up{stem}/{task}"),
        ("uploads/", "{name}/{task}.webp"),
        ("", "variants/{name}/{task}.{ext}"),
        ("", "{name}.webp"),
        ("v", "variants/{name}/{task}.{ext}"),
    ],
)
def test_outputs_that_could_be_uploads_again_are_refused(prefix: str, template: str) -> None:
    with pytest.raises(ConfigError, match="uploads again") as raised:
        check_no_loop(project(prefix, template))
    assert template in str(raised.value.found)
    assert "use another bucket" in str(raised.value.fix)


@pytest.mark.parametrize(
    ("prefix", "template"),
    [("uploads/", "variants/{dir}/{name}/{task}.{ext}"), ("uploads/", "uploads-small/{stem}-{task}.{ext}")],
)
def test_outputs_in_a_folder_of_their_own_may_share_the_bucket(prefix: str, template: str) -> None:
    check_no_loop(project(prefix, template))


@given(
    st.text("ab/", max_size=3),
    st.lists(PARTS, min_size=1, max_size=4).map("".join),
    st.text("ab/.", min_size=1, max_size=6),
)
def test_no_output_of_a_project_that_passes_can_begin_as_an_upload(
    prefix: str, template: str, key: str
) -> None:
    try:
        check_no_loop(project(prefix, template))
    except ConfigError:
        return
    assert not output_key(template, prefix + key, "t", "jpg").startswith(prefix)


def test_any_template_is_good_for_a_bucket_of_its_own(written: Written) -> None:
    assert written().outputs_prefix is None


def test_a_loop_is_found_when_the_file_is_read(written: Written) -> None:
    with pytest.raises(ConfigError, match="uploads again"):
        written(SHARED)
    shared = written(SHARED, ("{dir}/{name}", "variants/{dir}/{name}"))
    assert shared.outputs_prefix == "variants/"


@pytest.mark.parametrize(("vcpus", "memory"), [(v, m) for v, sizes in FARGATE_MEMORY.items() for m in sizes])
def test_every_pair_that_fargate_has_is_taken(written: Written, vcpus: float, memory: int) -> None:
    compute = written(
        ("max_vcpus = 16", "max_vcpus = 32"), ("vcpus = 1\n", f"vcpus = {vcpus}\n"), ('"2 GB"', str(memory))
    )
    assert (compute.compute.vcpus, compute.compute.memory) == (vcpus, memory)


@pytest.mark.parametrize(
    ("vcpus", "memory", "message", "expected"),
    [
        ("1", "1 GB", "memory: Fargate does not pair it with 1 vCPUs", '"2 GB", "3 GB"'),
        ("0.25", "4 GB", "memory: Fargate does not pair it with 0.25 vCPUs", '"512 MB", "1 GB", "2 GB"'),
        ("1", "2500 MB", "memory: Fargate does not pair it", '"3 GB"'),
        ("3", "8 GB", "vcpus: Fargate has no such size", "0.25, 0.5, 1, 2, 4, 8, 16, 32"),
    ],
)
def test_a_pair_that_fargate_has_not_is_refused_with_those_it_has(
    written: Written, vcpus: str, memory: str, message: str, expected: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as raised:
        written(("vcpus = 1\n", f"vcpus = {vcpus}\n"), ('"2 GB"', f'"{memory}"'))
    assert expected in str(raised.value.expected)


def test_on_ec2_any_memory_goes_with_whole_vcpus(written: Written) -> None:
    on_ec2 = ("fargate-spot", "ec2-spot")
    assert written(on_ec2, ("vcpus = 1\n", "vcpus = 3\n"), ('"2 GB"', '"2500 MB"')).compute.memory == 2500
    with pytest.raises(ConfigError, match="whole vCPUs"):
        written(on_ec2, ("vcpus = 1\n", "vcpus = 1.5\n"))
    with pytest.raises(ConfigError, match="less than Batch allows"):
        written(on_ec2, ('"2 GB"', "3"))


def test_a_child_must_fit_into_the_compute_environment(written: Written) -> None:
    with pytest.raises(ConfigError, match="no room for a single child"):
        written(("vcpus = 1\n", "vcpus = 2\n"), ("max_vcpus = 16", "max_vcpus = 1"), ('"2 GB"', '"4 GB"'))


@pytest.mark.parametrize("prefix", ["'up\"loads/'", "'up\\loads/'"])
def test_a_prefix_that_eventbridge_cannot_deliver_is_refused(written: Written, prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"\[upload\] prefix has a quotation mark or a backslash"):
        written(('"uploads/"', prefix))


@pytest.mark.parametrize("prefix", [r'"up\nloads/"', r'"uploads\u007f/"', r'"\u0085"'])
def test_a_prefix_with_a_control_character_is_refused(written: Written, prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"\[upload\] prefix has a control character"):
        written(('"uploads/"', prefix))


def test_a_source_takes_at_most_half_of_a_childs_memory(written: Written) -> None:
    assert written(('"50 MB"', '"1 GiB"')).upload.max_bytes == 2**30
    with pytest.raises(ConfigError, match="more than a child can hold") as refused:
        written(('"50 MB"', str(2**30 + 1)))
    assert refused.value.found == "max_bytes 1073741825 B, memory 2 GB"
    assert "at most 1,073,741,824" in str(refused.value.expected)
    assert "memory at least 2049 M" in str(refused.value.fix)


def test_the_memory_that_is_advised_is_enough(written: Written) -> None:
    on_ec2 = ("fargate-spot", "ec2-spot")
    with pytest.raises(ConfigError) as refused:
        written(on_ec2, ('"50 MB"', '"3 GB"'))
    advised = str(refused.value.fix).rpartition("at least ")[2]
    assert written(on_ec2, ('"50 MB"', '"3 GB"'), ('"2 GB"', f'"{advised}"')).upload.max_bytes == 3 * 10**9


def test_no_memory_is_enough_for_more_than_five_terabytes(written: Written) -> None:
    huge = (("fargate-spot", "ec2-spot"), ('"2 GB"', '"20000 GB"'))
    assert written(*huge, ('"50 MB"', '"5 TB"')).upload.max_bytes == 5 * 10**12
    with pytest.raises(ConfigError, match="more than a child can hold") as refused:
        written(*huge, ('"50 MB"', str(5 * 10**12 + 1)))
    assert refused.value.fix == "lower max_bytes"


def test_more_suffixes_than_an_event_pattern_holds_are_refused(written: Written) -> None:
    suffixes = ", ".join(f'".s{number:03d}"' for number in range(40))
    with pytest.raises(ConfigError, match="event pattern") as raised:
        written(('".jpg"', suffixes))
    assert raised.value.expected == "at most 2048 characters"


def test_more_suffixes_below_a_prefix_than_there_are_rules_are_refused_with_the_way_out(
    written: Written,
) -> None:
    suffixes = ", ".join(f'".s{number}"' for number in range(9))
    with pytest.raises(ConfigError) as refused:
        written(('".jpg"', suffixes))
    assert "9 suffixes" in str(refused.value)
    assert "leave the prefix out" in str(refused.value.fix)


def test_below_a_prefix_there_may_be_several_suffixes(written: Written) -> None:
    suffixes = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".heic")
    project = written(('".jpg"', ", ".join(f'"{suffix}"' for suffix in suffixes)))
    assert project.upload.suffixes == suffixes


def test_without_a_prefix_any_number_of_suffixes_is_fine(written: Written) -> None:
    project = written(('prefix = "uploads/"\n', ""), ('[".jpg"]', '[".jpg", ".png", ".webp", ".tiff"]'))

    assert len(project.upload.suffixes) == 4
