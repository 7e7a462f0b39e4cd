"""`g4lab generate`: the pieces of a reply, as text or as one JSON document."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import g4lab
from g4lab.cli import app


@pytest.fixture
def asked(monkeypatch) -> dict:
    """A model that says "Hello there" and notes what it was asked."""
    asked = {}

    def stream(prompt, **options):
        asked.update(options, prompt=prompt)
        yield from ("Hello", " there")

    model = SimpleNamespace(name="fake", label="a fake", stream=stream)
    monkeypatch.setitem(vars(g4lab), "load", lambda source: asked.update(source=source) or model)
    return asked


def test_the_text_is_streamed(asked):
    result = CliRunner().invoke(app, ["generate", "tiny-moe", "Say", "--seed", "7", "--temperature", "0"])
    assert result.output == "Hello there\n"
    assert (asked["source"], asked["prompt"], asked["seed"], asked["temperature"]) == (
        "tiny-moe",
        "Say",
        7,
        0.0,
    )


def test_json_holds_the_whole_reply(asked):
    result = CliRunner().invoke(app, ["generate", "tiny-moe", "Say", "--json"])
    report = json.loads(result.output)
    assert (report["text"], report["model"], report["prompt"]) == ("Hello there", "fake", "Say")


def test_the_prompt_may_come_from_standard_input(asked):
    CliRunner().invoke(app, ["generate", "tiny-moe", "-", "--max-new-tokens", "3"], input="from a pipe")
    assert (asked["prompt"], asked["max_new_tokens"]) == ("from a pipe", 3)


def test_an_empty_prompt_is_refused_before_anything_is_loaded(asked):
    result = CliRunner().invoke(app, ["generate", "tiny-moe", ""])
    assert result.exit_code == 1 and "the prompt is empty" in result.stderr
    assert asked == {}


def test_media_make_the_prompt_a_question_about_them(asked):
    given = ["--image", "a.png", "--audio", "b.wav", "--image", "c.png", "--video", "d.mp4"]
    CliRunner().invoke(app, ["generate", "tiny-e", "What is it?", *given])
    (turn,) = asked["prompt"]
    assert turn["role"] == "user"
    assert turn["content"] == [
        {"type": "image", "image": "a.png"},
        {"type": "image", "image": "c.png"},
        {"type": "audio", "audio": "b.wav"},
        {"type": "video", "video": "d.mp4"},
        {"type": "text", "text": "What is it?"},
    ]
