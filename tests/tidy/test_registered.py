"""What must be named in two places is named in both: adapters, fact types, locked versions."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.tidy.tree import ROOT, SOURCE, TESTS, assert_none, document, modules, place, pyproject

# The folder of a family of adapters -> its port, which is its entry point group.
FAMILIES = {
    "actions": "action",
    "alerts": "alert",
    "anchors": "anchor",
    "assets": "asset",
    "blobs": "blobs",
    "buses": "bus",
    "carriers": "carrier_intercept",
    "channels": "channel",
    "clocks": "clock",
    "connectors": "connector",
    "events": "event",
    "listings": "listing",
    "modalities": "modality",
    "notices": "notice",
    "perceivers": "perceiver",
    "riders": "carrier_quote",
    "settlements": "settlement",
    "signals": "signal",
    "signers": "signer",
    "skills": "skill",
    "synthesizers": "synthesizer",
    "timestamps": "timestamp",
}
GOLDEN = TESTS / "kernel" / "golden"


def adapter_modules() -> set[str]:
    """The modules that are adapters; a leading underscore marks what a family shares."""
    return {
        name
        for name, path in modules().items()
        if name.startswith("danshu.adapters.") and not path.stem.startswith("_")
    }


def entries() -> dict[str, dict[str, str]]:
    """The entry points of pyproject that are ours, by group."""
    groups = pyproject()["project"].get("entry-points", {})
    return {group: items for group, items in groups.items() if group.startswith("danshu.")}


def test_every_family_has_its_port() -> None:
    families = {name.split(".")[2] for name in modules() if name.startswith("danshu.adapters.")}
    unknown = families - FAMILIES.keys()
    assert_none(unknown)
    assert_none({f for f in families if f"danshu.ports.{FAMILIES[f]}" not in modules()})


def test_every_adapter_is_an_entry_point() -> None:
    named = {
        (target.partition(":")[0], group)
        for group, items in entries().items()
        for target in items.values()
    }
    expected = {(name, f"danshu.{FAMILIES[name.split('.')[2]]}") for name in adapter_modules()}
    assert_none(sorted(named ^ expected))  # in one of the two only


def test_every_entry_point_is_there() -> None:
    for group, items in entries().items():
        for name, target in items.items():
            module, _, attribute = target.partition(":")
            found = getattr(importlib.import_module(module), attribute, None)
            assert found is not None, f"{group} {name} = {target}"


def test_the_installed_entry_points_are_those_of_pyproject() -> None:
    """An editable install shows a new line of pyproject only after `./danshu setup`."""
    for group, items in entries().items():
        installed = {e.name: e.value for e in importlib.metadata.entry_points(group=group)}
        assert items.items() <= installed.items(), f"run ./danshu setup: {group}"


def fact_types() -> set[tuple[str, int]]:
    """The fact types that the product registers, seen by a process in which no test has run."""
    facts = [name for name in modules() if name.endswith((".facts", "_facts"))]
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "from danshu.kernel.fact import TYPES\n"
        "print(json.dumps(sorted(TYPES)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *facts], capture_output=True, text=True, check=True
    )
    return {(name, version) for name, version in json.loads(done.stdout)}


def test_every_fact_type_has_a_golden_file() -> None:
    types = fact_types()
    assert types
    golden = {path.name for path in GOLDEN.glob("*.json")}
    # in one of the two only
    assert_none(sorted(golden ^ {f"{name}.v{version}.json" for name, version in types}))


def test_every_fact_type_is_in_the_glossary() -> None:
    glossary = document("glossary.md")
    assert_none({name for name, _ in fact_types() if f"`{name}`" not in glossary})


def requirement(text: str) -> tuple[str, frozenset[str], str]:
    """Take `Name[extra]==1.2` apart: normal name, extras, specifier."""
    match = re.fullmatch(r"([\w.\-]+)(?:\[([\w,\-]+)\])?\s*(.*)", text)
    assert match, text
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    return name, frozenset(filter(None, (match[2] or "").split(","))), match[3]


def lock() -> dict[str, Any]:
    """The packages of uv.lock by name."""
    text = (ROOT / "uv.lock").read_text("utf-8")
    return {package["name"]: package for package in tomllib.loads(text)["package"]}


def test_the_lock_belongs_to_pyproject() -> None:
    project = pyproject()
    ours = lock()["danshu"]["metadata"]

    def locked(items: list[dict[str, Any]]) -> set[tuple[str, frozenset[str], str]]:
        return {(i["name"], frozenset(i.get("extras", [])), i.get("specifier", "")) for i in items}

    asked = list(project["project"]["dependencies"])
    for items in project["project"].get("optional-dependencies", {}).values():
        asked += items
    assert locked(ours["requires-dist"]) == {requirement(r) for r in asked}
    groups = project["dependency-groups"]
    for name, items in groups.items():
        plain = [item for item in items if isinstance(item, str)]
        for included in (item for item in items if isinstance(item, dict)):
            plain += groups[included["include-group"]]
        assert locked(ours["requires-dev"][name]) == {requirement(r) for r in plain}


def test_the_constraints_are_the_lock() -> None:
    packages = lock()
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {}
    for line in lines:
        if line and not line.lstrip().startswith("#"):
            name, _, version = line.partition(";")[0].strip().partition("==")
            pins[re.sub(r"\[.*\]", "", name)] = version
    assert pins == {n: p["version"] for n, p in packages.items() if n != "danshu"}


@pytest.mark.parametrize("name", ["opencv-python", "highspy", "resemblyzer", "torch"])
def test_packages_that_must_not_come_in(name: str) -> None:
    """Each of these overwrites, breaks or swells another (docs/decisions)."""
    assert name not in lock()


def test_the_package_ships_its_data() -> None:
    """Hatchling takes what lies in the package: nothing that is read at run time lies elsewhere."""
    outside = [
        place(path)
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not path.is_relative_to(SOURCE / "danshu")
    ]
    assert_none(outside)
