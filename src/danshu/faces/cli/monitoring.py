"""`danshu monitoring`: alert rules, their tests, a dashboard and how to scrape, as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
import yaml

from danshu.capabilities.weave import monitoring
from danshu.hub import settings

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path) -> int:
    """Write the files into a folder, replacing those that are there."""
    chosen = settings.read()
    origin = chosen.origin_at(chosen.port)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        monitoring.RULES_FILE: _yaml(monitoring.rules(origin)),
        "prometheus-rules.test.yaml": _yaml(monitoring.rule_tests(origin)),
        "prometheus-scrape.yaml": _yaml(monitoring.scrape(origin)),
        "grafana-dashboard.json": json.dumps(monitoring.dashboard(), ensure_ascii=False, indent=2),
    }
    for name, text in files.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
        typer.echo(str(folder / name))
    return 0


def _yaml(made: dict[str, Any]) -> str:
    return yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=100).rstrip()
