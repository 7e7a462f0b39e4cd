"""The corpus generator: the same everywhere, split by content, and true in what it says."""

import hashlib

import pytest

from g4lab.training.corpus import tiny_world

world = tiny_world()
CHECKSUM = "924172b56a54f7e23c46fe824ccdf115222d65eed9252cf6835a18ffc6fd44f1"


def some(domain, split="train", count=150, seed=0):
    return list(world.documents(domain, seed, count, split))


def keys(document):
    """What decides the split of a document, from its text and description."""
    about, domain = document.about, document.domain
    if domain == "arithmetic":
        lines = [line.split("=")[0] for line in document.text.split("\n") if line]
        return set(lines) if document.kind == "bare" else {f"{about['a']}{about['sign']}{about['b']}"}
    if domain == "recall":
        return set(about["facts"])
    if domain == "stories":
        return {tuple(about[part] for part in ("hero", "friend", "colour", "thing"))}
    if domain == "phrases":
        return {(about["language"], about["words"])}
    if domain == "functions":
        return {(about["template"], about["name"], about["n"])}
    if domain == "repetition":
        return {about["sequence"]}
    if domain in ("pairs", "register"):
        return set(about["words"].items())
    # Tools and records: the question itself holds the values that decide.
    return {document.text[: document.answers[0][0]]}


def test_checksum():
    digest = hashlib.sha256()
    for domain in world.DOMAINS:
        for document in some(domain, count=100):
            digest.update(document.text.encode())
    assert digest.hexdigest() == CHECKSUM


@pytest.mark.parametrize("domain", world.DOMAINS)
def test_one_document_alone_equals_the_same_one_in_a_row(domain):
    assert world.document(domain, 3, 17).text == some(domain, count=18, seed=3)[17].text


@pytest.mark.parametrize("domain", world.DOMAINS)
def test_splits_share_no_key(domain):
    train = set().union(*map(keys, some(domain, "train", 600)))
    held_out = set().union(*map(keys, some(domain, "held-out", 200, seed=5)))
    assert train and held_out and not train & held_out


def test_a_tenth_of_the_keys_is_held_out():
    share = sum(world.is_held_out(a, "+", b) for a in range(100) for b in range(100)) / 10_000
    assert 0.09 < share < 0.11


def test_every_key_stays_on_its_side_whatever_the_seed():
    for seed in range(3):
        for document in some("recall", "held-out", 30, seed):
            assert all(world.is_held_out(name) for name in document.about["facts"])


@pytest.mark.parametrize("domain", world.DOMAINS)
def test_spans_lie_inside_the_text_in_order(domain):
    for document in some(domain, count=50):
        ends = [0, *(place for start, end, _ in document.spans for place in (start, end)), len(document.text)]
        assert ends == sorted(ends)


def test_sums_and_thoughts_are_right():
    for document in some("arithmetic", count=300):
        for line in document.text.replace(", carry", "\n").replace(", borrow", "\n").replace(".", "\n").split("\n"):
            left, equals, right = line.strip().rpartition("=")
            left = left.split(" ")[-1]
            if equals and left and set(left) <= set("0123456789+-"):
                # Python reads 07 as an error, so leading zeros would be one here too.
                assert eval(left) == int(right), line
        if document.kind != "bare":
            said = document.text.split("<|turn>model\n")[1].split("<channel|>")[-1]
            assert said == f"{document.about['value']}<turn|>\n"


def test_functions_pass_their_hidden_test_and_others_do_not():
    for document in some("functions", "held-out", 120):
        (start, end), *_ = document.answers
        program, test = document.text[start:end], world.functions.hidden_test(document.about)
        exec(program + test, {})
        with pytest.raises((AssertionError, TypeError)):
            exec(program.replace("return", "return None #") + test, {})


def test_recall_asks_for_every_fact_and_answers_truly():
    for document in some("recall", count=60):
        facts, before = document.about["facts"], document.about["before"]
        tail = document.text[document.answers[0][0] - 60 :]
        for name, value in facts.items():
            assert before.format(name) + value + "." in tail


def test_pairs_hold_and_every_mention_but_the_first_is_an_answer():
    for document in some("pairs", count=20):
        words = document.text.split()
        names, values = words[::2], words[1::2]
        assert dict(zip(names, values, strict=True)) == document.about["words"]
        assert len(document.answers) == len(names) - len(set(names))


def test_a_register_is_asked_for_as_it_was_told():
    for document in some("register", count=20):
        told, *_, again = document.text.split("\n")[:-1]
        entries = [f"{name} {word}" for name, word in document.about["words"].items()]
        assert told == "Remember: " + ", ".join(entries) + ","
        assert sorted(set(again.removeprefix("Again: ").rstrip(",").split(", "))) == sorted(entries)


def test_difficulty_shortens_recall_and_repetition():
    for domain in ("recall", "repetition"):
        easy = [world.document(domain, 0, place, difficulty=0.0) for place in range(50)]
        hard = some(domain, count=50)
        measure = (lambda d: len(d.about["facts"])) if domain == "recall" else (lambda d: len(d.about["sequence"]))
        assert max(map(measure, easy)) < max(map(measure, hard))


def test_wrong_arguments_name_the_choices():
    with pytest.raises(ValueError, match="stories"):
        world.document("poems", 0, 0)
    with pytest.raises(ValueError, match="held-out"):
        world.document("stories", 0, 0, split="test")
