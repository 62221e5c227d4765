"""What a reader can meet is in the reference: limits, settings, commands, ports."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

import typer.main

from danshu.kernel import limits
from tests.tidy.tree import ROOT, assert_none, document, modules

# Commands of the script at the root, which are there before anything is installed.
ROOT_COMMANDS = {"./danshu setup", "./danshu check", "./danshu test"}
SETTING = re.compile(r"\bDANSHU_[A-Z][A-Z0-9_]*\b")


def test_every_limit_is_documented_with_its_value() -> None:
    lines = document("limits.md").splitlines()
    undocumented = []
    for name, value in vars(limits).items():
        if not name.isupper() or name.startswith("_"):
            continue
        row = next((line for line in lines if f"`{name}`" in line), "")
        plain = re.sub(r"(?<=\d)[,_ ](?=\d)", "", row)
        if not re.search(rf"(?<![\d.]){re.escape(str(value))}(?![\d.]*\d)", plain):
            undocumented.append(f"{name} = {value}")
    assert_none(undocumented)


def test_no_limit_is_documented_that_is_gone() -> None:
    rows = re.findall(r"^\|\s*`([A-Z][A-Z0-9_]+)`", document("limits.md"), re.MULTILINE)
    assert_none([name for name in rows if not hasattr(limits, name)])


def test_the_settings_are_those_of_the_code() -> None:
    sources = [path.read_text("utf-8") for path in modules().values()]
    sources.append((ROOT / "danshu").read_text("utf-8"))
    used = {name for text in sources for name in SETTING.findall(text)}
    assert_none(sorted(set(SETTING.findall(document("settings.md"))) ^ used))  # in one only


def commands(command: Any, name: str) -> Iterator[str]:
    """Name every command below this one as it is typed."""
    children = getattr(command, "commands", None)
    if not children:
        yield name
        return
    for word, child in children.items():
        if not getattr(child, "hidden", False):
            yield from commands(child, f"{name} {word}")


def test_every_command_is_documented() -> None:
    main = importlib.import_module("danshu.faces.cli.main")
    app = next(value for value in vars(main).values() if isinstance(value, typer.Typer))
    typed = set(commands(typer.main.get_command(app), "danshu"))
    assert len(typed) > 3
    page = document("commands.md")
    assert_none({name for name in typed | ROOT_COMMANDS if f"`{name}" not in page})


def test_every_port_is_documented() -> None:
    page = document("ports.md")
    ports = {name.rpartition(".")[2] for name in modules() if name.startswith("danshu.ports.")}
    assert ports
    assert_none({name for name in ports if f"`{name}`" not in page})
