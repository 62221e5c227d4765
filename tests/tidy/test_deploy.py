"""What is handed to operators fits the code: commands, options, rooms, settings, addresses.

The chart is rendered by a few lines of our own (chart.py), not by Helm; units are looked at by
systemd-analyze where it is there.
"""

from __future__ import annotations

import configparser
import importlib
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from danshu.faces.http import health
from danshu.faces.http.serve import _DRAIN_S
from danshu.faces.work import rooms
from tests.tidy.chart import Chart
from tests.tidy.tree import ROOT, assert_none, document

DEPLOY = ROOT / "deploy"
CHART = Chart(DEPLOY / "helm" / "danshu")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def check_command(words: list[str]) -> str:
    """Say what is wrong with the words after `danshu`; nothing when the command takes them."""
    app: Any = typer.main.get_command(importlib.import_module("danshu.faces.cli.main").app)
    command = app.commands.get(words[0])
    if command is None:
        return f"no command {words[0]!r}"
    known = {option for parameter in command.params for option in parameter.opts}
    unknown = [w for w in words[1:] if w.startswith("--") and w not in known]
    for name in ("--only", "--except"):
        if name in words:
            rooms.choose(words[words.index(name) + 1], "")  # raises for a room that is none
    return f"no option {unknown}" if unknown else ""


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for each in CHART.render():
        if each["kind"] == "Deployment":
            spec = each["spec"]["template"]["spec"]
            (container,) = spec["containers"]
            yield each["metadata"]["name"], spec, container


def test_the_chart_gives_objects_that_fit_together() -> None:
    objects = CHART.render()
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))
    assert {kind for kind, _ in names} == {
        "Deployment", "Service", "PodDisruptionBudget", "ConfigMap"
    }  # fmt: skip
    for each in objects:
        assert each["apiVersion"], each
        spec = each.get("spec", {})
        if "template" in spec:
            labels = spec["template"]["metadata"]["labels"]
            assert spec["selector"]["matchLabels"].items() <= labels.items()
    labels = next(e for e in objects if e["metadata"]["name"] == "hub-serve")["metadata"]["labels"]
    service = next(e for e in objects if e["kind"] == "Service")
    assert service["spec"]["selector"].items() <= labels.items()
    shown = CHART.render({**CHART.values, "ingress": {**CHART.values["ingress"], "enabled": True}})
    (ingress,) = [e for e in shown if e["kind"] == "Ingress"]
    backend = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend == {"name": service["metadata"]["name"], "port": {"name": "http"}}


def test_the_chart_runs_commands_that_there_are_in_every_room() -> None:
    led: set[str] = set()
    for name, spec, container in containers():
        words = [*container.get("command", ["danshu"])[1:], *container["args"]]
        assert check_command(words) == "", name
        if words[0] == "serve":
            paths = {container[p]["httpGet"]["path"] for p in container if p.endswith("Probe")}
            assert paths == {min(route.paths) for route in health.ROUTES}
            drain_s = int(CHART.values["settings"]["DANSHU_DRAIN_S"])
            assert spec["terminationGracePeriodSeconds"] > drain_s + _DRAIN_S
            looks = container["readinessProbe"]
            assert looks["periodSeconds"] * looks["failureThreshold"] < drain_s
        elif "--only" in words:
            led |= {room.name for room in rooms.choose(words[-1], "")}
        elif "--except" in words:
            led |= {room.name for room in rooms.choose("", words[-1])}
    assert led == {room.name for room in rooms.ROOMS}  # without the one that stands by


class Unit(configparser.RawConfigParser):
    """A unit of systemd: its words are as they are written."""

    def optionxform(self, optionstr: str) -> str:
        """Give a word as it is."""
        return optionstr


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_start_commands_that_there_are(path: Path, tmp_path: Path) -> None:
    unit = Unit(strict=False, interpolation=None)
    unit.read(path, "utf-8")
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "danshu"
    assert check_command([w for w in words if not w.startswith("$")]) == ""
    assert int(service["TimeoutStopSec"]) > 10 + _DRAIN_S
    assert {"NoNewPrivileges", "ProtectSystem", "CapabilityBoundingSet"} <= set(service)
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        copy = tmp_path / path.name.replace("@", "@1")
        copy.write_text(path.read_text("utf-8").replace(program, "/bin/true"), "utf-8")
        done = subprocess.run([analyze, "verify", copy], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_settings_and_addresses_are_those_of_the_code() -> None:
    known = set(re.findall(r"`(DANSHU_[A-Z_]+)`", document("settings.md")))
    addresses = {path for route in health.ROUTES for path in route.paths}
    wrong = []
    for path in sorted(DEPLOY.rglob("*")):
        if not path.is_file():
            continue
        text = path.read_text("utf-8")
        wrong += [
            f"{path.name}: {n}" for n in re.findall(r"DANSHU_[A-Z_]+", text) if n not in known
        ]
        looked = re.findall(r"/health/\w+", text)
        wrong += [f"{path.name}: {a}" for a in looked if a not in addresses]
    assert_none(wrong)
