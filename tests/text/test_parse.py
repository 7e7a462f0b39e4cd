"""What a model wrote, taken apart; nothing it can write raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.text import Reply, ToolCall, Usage, controls, parse, render
from tests.text.test_tokenizer import ANY_TEXT


def test_text_thought_and_calls():
    reply = parse(
        "<|channel>thought\nNeed the tool.\n<channel|> Let me see. "
        '<|tool_call>call:get_weather{city:<|"|>Paris, {x}<|"|>,days:[1,2.5,-3e2],now:true,why:null}<tool_call|>'
        '<|tool_call>call:now{}<tool_call|><|tool_response>'
    )  # fmt: skip
    assert reply == Reply(
        text="Let me see.",
        thought="Need the tool.",
        tool_calls=(
            ToolCall("get_weather", {"city": "Paris, {x}", "days": [1, 2.5, -300.0], "now": True, "why": None}),
            ToolCall("now", {}),
        ),
    )


@pytest.mark.parametrize("end", ["", "<turn|>", "<turn|>\n", "<eos>", "<turn|><pad><pad>"])
def test_plain_text_with_each_end(end):
    assert parse(f"A cat.{end}") == Reply("A cat.")


def test_the_models_own_turn_opener_is_skipped():
    assert parse("<|turn>model\n<|channel>thought\n<channel|>Hi<turn|>\n") == Reply("Hi")


def test_a_reply_that_begins_inside_the_thought():
    assert parse("Now I know.\n<channel|>It is 21.<turn|>") == Reply("It is 21.", "Now I know.")


def test_several_thoughts_are_joined():
    reply = parse("<|channel>thought\na\n<channel|>x <|channel>thought\nb\n<channel|>y")
    assert reply == Reply("x y", "a\nb")


def test_other_spellings_of_a_call():
    reply = parse('<|tool_call>call: f { "a" : "x" , <|"|>b<|"|>: { c : [ ] } }<tool_call|>')
    assert reply == Reply("", tool_calls=(ToolCall("f", {"a": "x", "b": {"c": []}}),))


@pytest.mark.parametrize(
    ("written", "words", "rest"),
    [
        ("<|channel>thought\nhm", "the thought is not closed", Reply("", "hm")),
        ("<|channel>plan\nhm<channel|>Hi", "does not begin with 'thought'", Reply("Hi", "plan\nhm")),
        ("Hi<turn|>\n<|turn>user", "after the end of the turn", Reply("Hi")),
        ("a<|turn>b", "<|turn> has no place here", Reply("a<|turn>b")),
        ("<|channel>thought\na<channel|>b<channel|>c", "<channel|> has no place", Reply("b<channel|>c", "a")),
        ("Hi<|tool_call>call:f{a:1", "'call:f{a:1' cannot be read: , expected at the end", Reply("Hi")),
        ("<|tool_call>call:f{a:1}Hi", "<tool_call|> expected at 'Hi'", Reply("")),
        ("<|tool_call>fly{}<tool_call|>Hi", "call: expected at 'fly{}", Reply("Hi")),
        ("<|tool_call>call:f<tool_call|>Hi", "{ expected somewhere after", Reply("Hi")),
        ("<|tool_call>call:f{a:oops}<tool_call|>Hi", "cannot be read", Reply("Hi")),
        ("<|tool_call>call:f{a:NaN}<tool_call|>", "NaN is no JSON number", Reply("")),
        ('<|tool_call>call:f{a:<|"|>x}<tool_call|>Hi', '<|"|> expected somewhere after', Reply("Hi")),
        ("<|tool_call>call:f{a 1}<tool_call|>", ": expected somewhere after", Reply("")),
        ("<|tool_call>call:f{a:" + "[" * 999, "more than 64 levels deep", Reply("")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(written, words, rest):
    reply = parse(written)
    assert len(reply.problems) == 1 and words in reply.problems[0]
    assert (reply.text, reply.thought, reply.tool_calls) == (rest.text, rest.thought, rest.tool_calls)


def test_a_problem_does_not_hide_the_next_call():
    reply = parse("<|tool_call>call:f{a}<tool_call|><|tool_call>call:g{}<tool_call|>")
    assert reply.tool_calls == (ToolCall("g", {}),) and len(reply.problems) == 1


@given(text=ANY_TEXT | st.lists(st.sampled_from([*controls.ALL, "call:f{", "a:", "1", ",", "}", "["])).map("".join))
def test_nothing_raises(text):
    assert isinstance(parse(text), Reply)


PLAIN = st.text().filter(lambda text: controls.QUOTE not in text)
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(arguments=st.dictionaries(KEYS, JSON, max_size=4), name=KEYS)
def test_a_written_call_reads_back(arguments, name):
    call = {"id": "c", "function": {"name": name, "arguments": arguments}}
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": [call]}]
    written = render(messages).removeprefix(render(messages[:1]))
    assert parse(written) == Reply("", tool_calls=(ToolCall(name, arguments),))


def test_usage_is_filled_in_by_who_ran_the_model():
    assert parse("Hi").usage is None
    assert Reply("Hi", usage=Usage(prompt_tokens=3, generated_tokens=1)).usage.generated_tokens == 1
