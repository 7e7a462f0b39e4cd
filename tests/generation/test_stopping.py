"""Stop strings, also when they arrive in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.generation.stopping import StopStrings


def passed(strings, pieces):
    ending = StopStrings(strings)
    out = ""
    for piece in pieces:
        out += ending.push(piece)
        if ending.found:
            break
    return out + ("" if ending.found else ending.flush()), ending.found


@pytest.mark.parametrize(
    ("strings", "pieces", "text", "found"),
    [
        ([], ["any", "thing"], "anything", False),
        (["end"], ["the end of it"], "the ", True),
        (["end"], ["the e", "n", "d of it"], "the ", True),
        (["end"], ["the e", "n", "trance"], "the entrance", False),
        (["end"], ["the en"], "the en", False),
        (["end"], ["en", "end"], "en", True),
        (["aab"], ["aa", "aab"], "aa", True),
        (["\n\n"], ["one\n", "two\n", "\n"], "one\ntwo", True),
        (["at", "later"], ["it is later"], "it is ", True),
        (["long stop", "s"], ["x lo", "ng s"], "x long ", True),
        (["end"], ["end"], "", True),
    ],
)
def test_by_hand(strings, pieces, text, found):
    assert passed(strings, pieces) == (text, found)


def test_what_may_be_a_stop_is_held_back():
    ending = StopStrings(["</x>"])
    assert [ending.push(piece) for piece in ("a<", "/", "b</x", "y")] == ["a", "", "</b", "</xy"]


@given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3), st.randoms())
def test_pieces_make_no_difference(text, strings, random):
    cuts = sorted(random.randint(0, len(text)) for _ in range(3))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    starts = [at for string in strings if (at := text.find(string)) >= 0]
    got, found = passed(strings, pieces)
    assert found == bool(starts)
    # In pieces the stop that is complete first ends the text, so one that began earlier may still be cut short.
    assert text.startswith(got) and len(got) >= min(starts, default=len(text))
