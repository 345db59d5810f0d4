"""Tests of batchkit.project.scaffold: an example becomes a project of another name."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.project.load import parse
from batchkit.project.scaffold import IMAGES, JOB, Scaffold, files, project_name


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("photos", "photos"),
        ("My Photos!", "my-photos"),
        ("2026_holiday", "holiday"),
        ("holiday 2026", "holiday-2026"),
        ("a--b", "a-b"),
        ("x" * 40, "x" * 31),
    ],
)
def test_a_project_is_called_after_its_folder(folder: str, name: str) -> None:
    assert project_name(folder) == name


@pytest.mark.parametrize("folder", ["", "99", "é", "a"])
def test_a_folder_without_a_name_is_an_error_that_says_what_to_do(folder: str) -> None:
    with pytest.raises(ConfigError) as caught:
        project_name(folder)
    assert "--name" in str(caught.value)


@given(st.text(max_size=60))
def test_whatever_the_folder_is_called_the_name_is_one_that_a_project_may_have(folder: str) -> None:
    try:
        name = project_name(folder)
    except ConfigError:
        return
    text = files(IMAGES, name, "abc123")["batchkit.toml"].decode()
    assert parse(text, Path("batchkit.toml")).name == name


@pytest.mark.parametrize("scaffold", [IMAGES, JOB])
def test_buckets_are_the_projects_own(scaffold: Scaffold) -> None:
    made = files(scaffold, "shop", "abc123")
    document = tomllib.loads(made["batchkit.toml"].decode())
    assert document["project"]["name"] == "shop"
    for table in ("upload", "output"):
        assert document[table]["bucket"].startswith("shop-")
        assert document[table]["bucket"].endswith("-abc123")


@pytest.mark.parametrize("scaffold", [IMAGES, JOB])
def test_a_new_project_has_configuration_tests_dockerfile_and_ci(scaffold: Scaffold) -> None:
    made = files(scaffold, "shop", "abc123")
    assert {"batchkit.toml", "README.md", "Dockerfile", "requirements.txt"} <= set(made)
    assert ".github/workflows/test.yml" in made
    assert any(path.startswith("tests/test_") for path in made)
    assert made["README.md"].startswith(b"# shop\n")
    assert b"--tag shop-worker" in made["Dockerfile"]


@pytest.mark.parametrize("scaffold", [IMAGES, JOB])
def test_nothing_of_the_examples_name_is_left_but_in_words(scaffold: Scaffold) -> None:
    quoted = f'"{scaffold.name}'.encode()
    assert not any(quoted in body for body in files(scaffold, "shop", "abc123").values())
