"""Tests of batchkit.planning.globs, against a matcher that is slow and plain."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchkit.errors import ConfigError
from batchkit.planning import globs

KEYS = st.text("ab/.*", max_size=8)
PARTS = st.sampled_from(["a", "b", ".", "/", "*", "**", "**/", "/**/", "?", "[ab]", "[!a]", "[*]", "[/a]"])
GLOBS = st.lists(PARTS, min_size=1, max_size=6).map("".join)


def fits(glob: str, key: str) -> bool:
    return globs.compiled([glob]).fullmatch(key) is not None


def fits_slowly(glob: str, key: str) -> bool:
    """The documented meaning, one character at a time, every way tried."""
    if "/" not in glob:
        key = key.rpartition("/")[2]
    return _rest_fits(glob, key, begins_part=True)


def _rest_fits(glob: str, key: str, *, begins_part: bool) -> bool:
    if not glob:
        return not key
    if glob.startswith("**"):
        rest = glob.lstrip("*")
        nothing = rest.startswith("/") and begins_part and _rest_fits(rest[1:], key, begins_part=True)
        return nothing or any(_rest_fits(rest, key[n:], begins_part=False) for n in range(len(key) + 1))
    if glob[0] == "*":
        name = len(key.partition("/")[0])
        return any(_rest_fits(glob[1:], key[n:], begins_part=False) for n in range(name + 1))
    token = re.match(r"\[.[^]]*\]|.", glob)
    assert token
    return (
        bool(key)
        and _is_one(token[0], key[0])
        and _rest_fits(glob[token.end() :], key[1:], begins_part=token[0] == "/")
    )


def _is_one(token: str, character: str) -> bool:
    if token == "?":
        return character != "/"
    if len(token) > 1:
        members = token[1:-1]
        return character != "/" and (
            character not in members[1:] if members[0] == "!" else character in members
        )
    return token == character


@given(GLOBS, KEYS)
@example("**/a", "a")
@example("a/**/b", "a/b")
@example("a/**", "a")
@example("b**/a", "b/a")
@example("***/a", "a")
def test_a_glob_means_what_its_description_says(glob: str, key: str) -> None:
    assert fits(glob, key) is fits_slowly(glob, key)


@pytest.mark.parametrize(
    ("glob", "fitting", "others"),
    [
        ("*.jpg", ["a.jpg", "x/y/a.jpg", ".jpg", "x/\n.jpg"], ["a.JPG", "a.jpg/b", "a.jpg\n", "ajpg"]),
        ("up/*.jpg", ["up/a.jpg", "up/.jpg"], ["up/x/a.jpg", "a.jpg", "x/up/a.jpg"]),
        ("up/**/*.jpg", ["up/a.jpg", "up/x/a.jpg", "up/x/y/a.jpg"], ["a.jpg", "upx/a.jpg"]),
        ("up/**", ["up/a", "up/x/y", "up/"], ["up", "upx/a"]),
        ("**/tmp/**", ["tmp/a", "x/tmp/a/b"], ["xtmp/a", "x/tmp"]),
        ("img_?.png", ["img_1.png", "x/img_ü.png"], ["img_10.png", "img_.png"]),
        ("[0-9a]*", ["1", "a", "x/0b"], ["b", "-1", "1/x"]),
        ("[]x]", ["]", "x"], ["[]x]"]),
        ("[!0-9]", ["a", "-"], ["1", "", "ab"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[", ["["], ["a"]),
        ("a\\*", ["a\\", "a\\b"], ["a*", "a"]),
        ("a.(b|c)+", ["a.(b|c)+"], ["a.b", "axb"]),
        ("[-&&~~||]", ["&", "~", "|", "-"], ["a"]),
        ("/a", ["/a"], ["a", "x/a"]),
        ("ü*", ["übung", "x/ü"], ["u\u0308"]),
    ],
)
def test_examples(glob: str, fitting: list[str], others: list[str]) -> None:
    assert [key for key in fitting if not fits(glob, key)] == []
    assert [key for key in others if fits(glob, key)] == []


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_a_glob_or_a_descending_range(text: str) -> None:
    try:
        globs.compiled([text])
    except ConfigError as error:
        assert "descends" in error.what


def test_a_key_needs_to_fit_one_of_several_globs_only() -> None:
    either = globs.compiled(["*.jpg", "a|b", "x/*"])
    assert all(either.fullmatch(key) for key in ("q/1.jpg", "a|b", "x/y"))
    assert not any(either.fullmatch(key) for key in ("a", "b", "x/y/z"))
    assert not globs.compiled([]).fullmatch("")


@pytest.mark.parametrize("glob", ["", "[z-a]"])
def test_a_glob_that_means_nothing_is_refused(glob: str) -> None:
    with pytest.raises(ConfigError):
        globs.compiled([glob])
