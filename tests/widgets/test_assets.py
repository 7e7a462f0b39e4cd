import re
import subprocess

import pytest

from g4lab.widgets import assets
from tests.widgets.node import NODE

MODULES = sorted(path.stem for path in assets.STATIC.glob("*.js"))
VIEWS = [name for name in MODULES if "export function mount(" in assets._source(name)]
SHEETS = sorted(path.name for path in assets.STATIC.glob("*.css"))


def check_syntax(text: str) -> str:
    command = [NODE, "--check", "--input-type=module"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stderr


def test_the_views_are_found():
    assert {"architecture_map", "rope_dial", "routing_explorer", "token_strip"} <= set(VIEWS)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("host", ["live_host", "static_host"])
def test_the_joined_module_parses_and_imports_nothing(host, view):
    joined = assets.script(view, host)
    assert check_syntax(joined) == ""
    assert not re.search(r"^import |\bimport\(|\brequire\(", joined, re.MULTILINE)


def test_each_file_is_joined_once_and_after_what_it_needs():
    order = assets._in_order(("routing_explorer", "live_host"))
    assert len(order) == len(set(order))
    for place, name in enumerate(order):
        assert set(assets.IMPORT.findall(assets._source(name))) <= set(order[:place])


@pytest.mark.parametrize("name", [*(f"{m}.js" for m in MODULES), *SHEETS])
def test_no_file_names_an_address_or_could_end_its_element(name):
    text = (assets.STATIC / name).read_text("utf-8")
    assert not re.search(r"\w+://|url\(|@import|\bfetch\(|XMLHttpRequest|WebSocket", text)
    assert not re.search(r"</script|</style|<!--", text, re.IGNORECASE)
    assert len(text) <= 25_000


@pytest.mark.parametrize("name", MODULES)
def test_text_never_becomes_markup(name):
    text = (assets.STATIC / f"{name}.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)


def test_rules_come_with_the_modules_that_need_them():
    style = assets.style("theme", "routing_explorer")
    assert all(sheet in style for sheet in ("--g4-paper", ".g4-token", ".g4-routing"))


def leading_classes(sheet: str) -> set[str]:
    """The classes with which a sheet's selectors begin: those of its view's root, and those that reach every view."""
    rules = re.sub(r"/\*.*?\*/|@[^{;]*\{|:is\([^)]*\)", "", (assets.STATIC / sheet).read_text("utf-8"), flags=re.DOTALL)
    selectors = [part for group in re.findall(r"([^{}]+)\{", rules) for part in group.split(",")]
    return {found[1] for part in selectors if (found := re.match(r"\s*(?:\.(?:g4lab|g4-view) )?\.(g4-[\w-]+)", part))}


@pytest.mark.parametrize("view", VIEWS)
def test_no_other_views_rules_reach_it(view):
    """All views of a notebook share one page, and each brings the rules of its own modules."""
    needed = {name: assets._in_order((name,)) for name in VIEWS}
    own = "".join(assets._source(name) for name in needed[view]) + assets.style(*needed[view])
    users = {sheet: [name for name in VIEWS if sheet.removesuffix(".css") in needed[name]] for sheet in SHEETS}
    others = [sheet for sheet, names in users.items() if len(names) == 1 and names != [view]]
    used = set(re.findall(r"g4-[\w-]+", own))
    assert {sheet: found for sheet in others if (found := leading_classes(sheet) & used)} == {}
