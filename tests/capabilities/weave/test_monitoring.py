"""What `danshu monitoring` writes: promtool takes the rules, their tests hold, panels ask for what
can be asked.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from danshu.capabilities.weave import health, monitoring
from danshu.faces.cli.main import app
from tests import promtool


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("monitoring")
    result = CliRunner().invoke(app, ["monitoring", str(made)])
    assert result.exit_code == 0, result.output
    return made


def ask(*words: str) -> str:
    """Run promtool, and give what it says; it must be content."""
    path = promtool.find()
    assert path, promtool.ABSENT
    told = subprocess.run([path, *words], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_promtool_takes_the_rules_and_their_tests_hold(folder: Path) -> None:
    assert "SUCCESS" in ask("check", "rules", str(folder / monitoring.RULES_FILE))
    assert "SUCCESS" in ask("test", "rules", str(folder / "prometheus-rules.test.yaml"))


def test_a_rule_whose_limit_is_wrong_fails_its_test(folder: Path, tmp_path: Path) -> None:
    text = (folder / monitoring.RULES_FILE).read_text()
    assert "> 0.0144 " in text
    (tmp_path / monitoring.RULES_FILE).write_text(text.replace("> 0.0144", "> 0.5"))
    made = monitoring.rule_tests("http://localhost:8420")
    made["tests"] = [t for t in made["tests"] if "good_total" in str(t["input_series"])][:1]
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(made))
    with pytest.raises(AssertionError, match="DanshuOrderCreateBurnRed"):
        ask("test", "rules", str(tmp_path / "test.yaml"))


def test_the_scrape_example_is_a_configuration(folder: Path) -> None:
    ask("check", "config", "--syntax-only", str(folder / "prometheus-scrape.yaml"))


def test_each_panel_asks_for_what_can_be_asked(folder: Path, tmp_path: Path) -> None:
    made: dict[str, Any] = json.loads((folder / "grafana-dashboard.json").read_text())
    panels = made["panels"]
    assert [p["title"].partition(" ")[0] for p in panels[:12]] == [
        m.zh.partition(" ")[0] for m in health.metrics()
    ]
    assert len({p["id"] for p in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        values = [s["value"] for s in steps[1:]]
        assert values == sorted(values), panel["title"]
    queries = [t["expr"] for p in panels for t in p["targets"]]
    rules = [{"record": f"panel:{n}", "expr": expr} for n, expr in enumerate(queries)]
    path = tmp_path / "panels.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(queries)} rules found" in ask("check", "rules", str(path))
