"""The engine: absent, refusing, or failing in the middle of a step."""

from __future__ import annotations

import pytest
from docker.errors import APIError

from batchkit.deploy.image import engine
from batchkit.errors import ConfigError


def test_without_an_engine_it_says_how_to_get_one() -> None:
    with pytest.raises(ConfigError) as caught:
        engine.connect({"DOCKER_HOST": "tcp://127.0.0.1:1"})

    assert "an engine at tcp://127.0.0.1:1" in str(caught.value)
    assert "apt-get install docker.io" in str(caught.value)
    assert caught.value.exit_code == 78


def test_an_impossible_address_is_no_engine_either() -> None:
    with pytest.raises(ConfigError):
        engine.connect({"DOCKER_HOST": "nonsense://"})


def test_the_engines_own_words_are_passed_on() -> None:
    with pytest.raises(ConfigError) as caught, engine.answering("looking", fix="look elsewhere"):
        raise APIError("500 Server Error", explanation="no space left on device")

    assert "while looking" in str(caught.value)
    assert "no space left on device" in str(caught.value)
    assert "look elsewhere" in str(caught.value)


def test_a_failing_step_comes_with_the_output_before_it() -> None:
    answers = [{"stream": "Step 1/2\n"}, {"stream": "\x1b[91mBoom\n\x1b[0m"}, {"error": "it returned 1\n"}]

    with pytest.raises(engine.StreamError) as caught:
        list(engine.follow(answers))

    assert caught.value.lines == ("Step 1/2", "Boom")
    assert caught.value.message == "it returned 1"


def test_answers_without_an_error_pass_through() -> None:
    answers = [{"stream": "Step 1/2\n"}, {"aux": {"ID": "sha256:1"}}]

    assert list(engine.follow(answers)) == answers
