"""JSON objects from a sentence, and tool calls from a question: the reply must name the right key and value."""

import json

import numpy as np

from .document import Document, draw
from .turns import closed, opened
from .words import CITIES, COLOURS, PEOPLE, PLACES, THINGS, pick

QUOTE = '<|"|>'
TOOLS = {
    "get_weather": ("Gets the weather.", "city", CITIES, ("What is the weather in {}?", "Is it cold in {} today?")),
    "get_time": ("Gets the local time.", "city", CITIES, ("What time is it in {}?", "Tell me the time in {}.")),
    "find_person": ("Finds a person.", "name", PEOPLE, ("Where is {}?", "Can you find {}?")),
    "buy_thing": ("Buys a thing.", "thing", THINGS, ("Please buy a {}.", "I need a {}.")),
    "open_map": ("Opens a map.", "place", PLACES, ("Show me the {} on a map.", "How do I get to the {}?")),
}


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write a JSON task or a tool call; its values decide the split."""
    return (call if rng.random() < 0.5 else record)(rng, held_out)


def call(rng: np.random.Generator, held_out: bool) -> Document:
    """Write a system turn that declares two tools, a question, and the call of the right one."""

    def make() -> tuple[str, str, str]:
        name, other = rng.choice(list(TOOLS), 2, replace=False)
        return str(name), str(other), pick(rng, TOOLS[str(name)][2])

    name, other, argument = draw(make, held_out)
    declared = "".join(declaration(tool) for tool in sorted((name, other)))
    document = Document("tools", "call", about={"tool": name, "argument": argument})
    _, key, _, questions = TOOLS[name]
    opened(document, pick(rng, questions).format(argument), system=declared)
    document.answer(f"<|tool_call>call:{name}{{{key}:{QUOTE}{argument}{QUOTE}}}<tool_call|>")
    return document.add("<|tool_response>")


def declaration(tool: str) -> str:
    """Declare a tool as Gemma 4 reads it: bare sorted keys, quoted strings, upper-case types."""
    purpose, key, _, _ = TOOLS[tool]
    schema = f"properties:{{{key}:{{type:{QUOTE}STRING{QUOTE}}}}},type:{QUOTE}OBJECT{QUOTE}"
    return f"<|tool>declaration:{tool}{{description:{QUOTE}{purpose}{QUOTE},parameters:{{{schema}}}}}<tool|>"


def record(rng: np.random.Generator, held_out: bool) -> Document:
    """Write a sentence about somebody and the JSON object that says the same."""

    def make() -> tuple[str, int, str, str]:
        return pick(rng, PEOPLE), int(rng.integers(5, 100)), pick(rng, CITIES), pick(rng, COLOURS)

    name, age, city, colour = draw(make, held_out)
    fields = {
        "name": (name, f"My name is {name}."),
        "age": (age, f"I am {age} years old."),
        "city": (city, f"I live in {city}."),
        "colour": (colour, f"I like {colour}."),
    }
    keys = [list(fields)[place] for place in rng.permutation(4)[: rng.integers(2, 5)]]
    wanted = {key: fields[key][0] for key in keys}
    document = Document("tools", "record", about={"record": wanted})
    opened(document, "As JSON: " + " ".join(fields[key][1] for key in keys))
    return closed(document.answer(json.dumps(wanted)))
