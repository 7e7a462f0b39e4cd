"""Chats in the corpus are byte for byte what g4lab renders."""

from g4lab import text
from g4lab.training.corpus import tiny_world

world = tiny_world()


def chats(domain, kind):
    return [d for d in world.documents(domain, 0, 60) if d.kind == kind][:8]


def first_user_text(document):
    return document.text.split("<|turn>user\n")[1].split("<turn|>")[0]


def rendered(document, **options):
    messages = [{"role": "user", "content": first_user_text(document)}]
    return text.render(messages, add_generation_prompt=True, size="e2b-it", **options).removeprefix("<bos>")


def test_a_plain_chat():
    for document in chats("phrases", "chat"):
        assert document.text.startswith(rendered(document))


def test_a_chat_that_thinks():
    for document in chats("arithmetic", "thought"):
        assert document.text.startswith(rendered(document, thinking=True))


def test_tool_calls_parse():
    for document in chats("tools", "call"):
        reply = text.parse(document.text.split("<|turn>model\n")[1].removesuffix("<|tool_response>"))
        (call,) = reply.tool_calls
        assert call.name == document.about["tool"]
        assert list(call.arguments.values()) == [document.about["argument"]]


def test_tool_declarations_are_those_that_render_writes():
    for document in chats("tools", "call"):
        system = document.text.split("<turn|>")[0]
        tools = [declared(part) for part in system.split("<|tool>declaration:")[1:]]
        assert document.text.startswith(rendered(document, tools=tools))


def declared(part):
    """The JSON schema behind a declaration of the corpus."""
    name, rest = part.split("{", 1)
    purpose = rest.split('<|"|>')[1]
    key = rest.split("properties:{")[1].split(":")[0]
    parameters = {"type": "object", "properties": {key: {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "description": purpose, "parameters": parameters}}
