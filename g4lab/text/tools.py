"""How tools are declared, called and answered: JSON with bare sorted keys and `<|"|>` for the quotes.

Each function yields strings: `Control` ones are control tokens, the others plain text, the user's included.
Source: google/gemma-4-E2B-it chat template (2026-07-09).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from g4lab.errors import InputError
from g4lab.text import controls
from g4lab.text.messages import Call, Response

Strings = Iterable[str]
# What describes a schema, as against naming one of its properties.
_STANDARD_KEYS = ("description", "type", "properties", "required", "nullable")


def declaration(tool: Any, where: str) -> Iterator[str]:
    """Tell the model of a tool, given as {"type": "function", "function": {name, description, parameters}}.

    Raises: InputError for a tool that the template would leave half open.
    """
    function = tool.get("function") if isinstance(tool, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        example = '{"type": "function", "function": {"name": ..., "parameters": ...}}'
        raise InputError("a tool has no function name", where, f"give {example}")
    yield controls.TOOL
    yield f"declaration:{function['name']}{{description:"
    yield from _quoted(function.get("description", ""))
    if parameters := function.get("parameters"):
        if not isinstance(parameters, Mapping) or not parameters.get("type"):
            raise InputError("the parameters have no type", where, 'give a JSON schema with "type": "object"')
        yield ",parameters:{"
        yield from _joined(_parameters(parameters, where))
        yield "}"
    if "response" in function:
        response = function["response"]
        if str(_get(response, "type")).upper() != "OBJECT":
            raise InputError("the response is not of type object", where, 'give {"type": "object", ...} or none')
        yield ",response:{"
        if description := _get(response, "description"):
            yield from ("description:", *_quoted(description), ",")
        yield from ("type:", *_quoted("OBJECT"), "}")
    yield "}"
    yield controls.TOOL_END


def call(made: Call) -> Iterator[str]:
    """A call as the model writes it."""
    yield controls.TOOL_CALL
    yield f"call:{made.name}"
    yield from _value(made.arguments, f"the arguments of {made.name}", quote_keys=False)
    yield controls.TOOL_CALL_END


def response(answer: Response) -> Iterator[str]:
    """What a tool answered; anything but a dict is called `value`."""
    fields = answer.value if isinstance(answer.value, Mapping) else {"value": answer.value}
    yield controls.TOOL_RESPONSE
    yield f"response:{answer.name}"
    yield from _value(fields, f"the response of {answer.name}", quote_keys=False)
    yield controls.TOOL_RESPONSE_END
    yield from answer.media


def _parameters(schema: Mapping, where: str) -> Iterator[Strings]:
    if schema.get("properties"):
        yield "properties:{", *_properties(schema["properties"], where), "}"
    if schema.get("required"):
        yield "required:", *_names(schema["required"], where)
    yield "type:", *_quoted(str(schema["type"]).upper())


def _properties(properties: Any, where: str, skip: tuple[str, ...] = ()) -> Iterator[str]:
    return _joined(
        (f"{name}:{{", *_joined(_schema(schema, where)), "}")
        for name, schema in _sorted(properties, where)
        if name not in skip
    )


def _schema(schema: Any, where: str) -> Iterator[Strings]:
    """The fields of one property, in the template's order; fields that it does not know are left out."""
    type_name = str(_get(schema, "type")).upper()
    if description := _get(schema, "description"):
        yield "description:", *_quoted(description)
    if type_name == "STRING" and _get(schema, "enum"):
        yield "enum:", *_value(schema["enum"], where)
    if type_name == "ARRAY" and isinstance(_get(schema, "items"), Mapping) and schema["items"]:
        yield "items:{", *_joined(_items(schema["items"], where)), "}"
    if _get(schema, "nullable"):
        yield ("nullable:true",)
    if type_name == "OBJECT":
        if isinstance(_get(schema, "properties"), Mapping):
            yield "properties:{", *_properties(schema["properties"], where), "}"
        else:  # differs from JSON schema: every other field counts as a property
            yield "properties:{", *_properties(schema, where, skip=_STANDARD_KEYS), "}"
        if _get(schema, "required"):
            yield "required:", *_names(schema["required"], where)
    yield "type:", *_quoted(type_name)


def _items(schema: Mapping, where: str) -> Iterator[Strings]:
    """The schema of an array's items, whose fields are sorted and all kept."""
    for key, value in _sorted(schema, where):
        if value is None:
            continue
        if key == "properties":
            yield "properties:{", *(_properties(value, where) if isinstance(value, Mapping) else ()), "}"
        elif key == "required":
            yield "required:", *_names(value, where)
        elif key == "type":
            upper = value.upper() if isinstance(value, str) else [str(name).upper() for name in value]
            yield "type:", *_value(upper, where)
        else:
            yield f"{key}:", *_value(value, where)


def _value(value: Any, where: str, quote_keys: bool = True) -> Iterator[str]:
    """A JSON value; inside declarations keys are quoted, in calls and responses they are bare."""
    if value is None:
        yield "null"
    elif isinstance(value, str):
        yield from _quoted(value)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, Mapping):
        fields = _sorted(value, where)
        keys = (_quoted(key) if quote_keys else (key,) for key, _ in fields)
        values = (_value(item, where, quote_keys) for _, item in fields)
        yield from ("{", *_joined((*key, ":", *item) for key, item in zip(keys, values, strict=True)), "}")
    elif isinstance(value, list | tuple):
        yield from ("[", *_joined(_value(item, where, quote_keys) for item in value), "]")
    elif isinstance(value, int | float) and math.isfinite(value):
        yield str(value)
    else:
        raise InputError(f"{value!r:.80} is no JSON value", where, "give str, numbers, bool, None, lists and dicts")


def _quoted(text: object) -> Strings:
    return (controls.QUOTE, f"{text}", controls.QUOTE)


def _names(names: Any, where: str) -> Iterator[str]:
    if not isinstance(names, list | tuple):
        raise InputError(f"required is {names!r:.80}", where, "give a list of names")
    yield from ("[", *_joined(_quoted(name) for name in names), "]")


def _joined(groups: Iterable[Strings]) -> Iterator[str]:
    """The strings of all groups, with commas between the groups."""
    for index, group in enumerate(groups):
        if index:
            yield ","
        yield from group


def _sorted(fields: Any, where: str) -> list[tuple[str, Any]]:
    if not isinstance(fields, Mapping) or not all(isinstance(key, str) for key in fields):
        raise InputError(f"{fields!r:.80} is no dict with str keys", where, "give a JSON object")
    return sorted(((f"{key}", value) for key, value in fields.items()), key=lambda field: field[0].lower())


def _get(schema: Any, key: str) -> Any:
    """A field of a schema; the template reads what is missing, or no schema at all, as empty."""
    return schema.get(key, "") if isinstance(schema, Mapping) else ""
