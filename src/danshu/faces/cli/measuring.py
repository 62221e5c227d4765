"""`danshu bench`: the benchmarks stand above the faces and are found by their module's name."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import TYPE_CHECKING, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.kernel.errors import DanshuError

if TYPE_CHECKING:
    from pathlib import Path

_UNKNOWN, _MISSED = 2, 1
_WORDS: Final = {
    "injected": "注入",
    "found": "发现",
    "right": "命中",
    "recall": "召回",
    "precision": "精确",
    "exact": "确切",
}


def names() -> list[str]:
    """List the benchmarks: modules of that floor that bind `run`."""
    floor = importlib.import_module("danshu.bench")
    found = sorted(module.name for module in pkgutil.iter_modules(floor.__path__))
    return [name for name in found if hasattr(_load(name), "run")]


def _load(name: str) -> Any:
    return importlib.import_module("danshu.bench." + name)


def run(
    name: str,
    as_json: bool,
    seconds: int | None,
    size: int | None,
    *,
    faults: bool = False,
    data: Path | None = None,
) -> int:
    """Run a benchmark; exit 0 when its budget was met, 1 when not, 2 for an unknown name. `data` is
    a folder for those that measure accuracy (`run_data`).
    """
    if not name.isidentifier() or importlib.util.find_spec("danshu.bench." + name) is None:
        typer.echo(f"danshu: no benchmark {name!r}; there are: {', '.join(names())}", err=True)
        return _UNKNOWN
    module = _load(name)
    if faults and not hasattr(module, "run_faults"):
        typer.echo(f"danshu: {name!r} injects no faults", err=True)
        return _UNKNOWN
    if not hasattr(module, "run"):
        raise DanshuError(f"{name!r} is no benchmark; there are: {', '.join(names())}")
    if data is not None and not hasattr(module, "run_data"):
        typer.echo(f"danshu: {name!r} measures no folder", err=True)
        return _UNKNOWN
    measure = module.run_faults if faults else module.run
    measured = measure(seconds, size) if data is None else module.run_data(data, size)
    report = msgspec.to_builtins(measured)
    if as_json:
        opening.show_json(report)
    else:
        _describe(report)
    return 0 if report.get("met", True) else _MISSED


def _describe(report: dict[str, Any]) -> None:
    console = Console()
    table = Table("指标", "数值", "下限程序", "倍数", "预算", title=str(report["bench"]))
    groups: dict[str, dict[str, Any]] = {}
    for figure, value in report["figures"].items():
        if isinstance(value, dict):  # several figures of one thing
            groups[figure] = value
            continue
        beside = [report.get(part, {}).get(figure, "") for part in ("floor", "ratio", "budget")]
        table.add_row(figure, str(value), *map(str, beside))
    console.print(table)
    if groups:
        names = list(next(iter(groups.values())))
        each = Table("", *(_WORDS.get(name, name) for name in names))
        for name, parts in groups.items():
            each.add_row(name, *(str(parts[part]) for part in names))
        console.print(each)
    console.print("预算达成" if report.get("met", True) else "[red]预算未达成[/red]")
