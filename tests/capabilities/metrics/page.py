"""The shipped metrics as docs/reference/metrics.md lists them.

`python -m tests.capabilities.metrics.page` writes the list between its marks, and the formulas that
shipped.txt holds still, a new one's too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from danshu.capabilities.metrics import shipped

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
KEPT: Final = Path(__file__).with_name("shipped.txt")
BEGIN: Final = "<!-- shipped metrics -->\n"
END: Final = "<!-- end -->\n"


def formulas() -> dict[str, str]:
    """Give what of each shipped metric stands still."""
    return {
        code: f"{m.on} | {m.time} | {m.expression} | {m.filter}"
        for code, m in shipped.library().metrics.items()
    }


def listed() -> str:
    """Write the tables and metrics of the library."""
    library = shipped.library()
    lines = ["| table | 中文 | time | asset | columns |", "|---|---|---|---|---|"]
    for table in library.tables.values():
        columns = ", ".join(f"`{c.name}` {c.title.zh}" for c in table.columns)
        named = f"`{table.name}` | {table.title.zh} | `{table.time}` | {table.asset or '—'}"
        lines.append(f"| {named} | {columns} |")
    lines += [
        "",
        "| code | 中文 | unit | counts | formula | only rows |",
        "|---|---|---|---|---|---|",
    ]
    for code, m in library.metrics.items():
        formula = f"`{m.expression}`".replace("|", "\\|")
        only = f"`{m.filter}`" if m.filter else "—"
        lines.append(
            f"| `{code}` | {m.title.zh}: {m.about['zh']} | {m.unit or '—'} | "
            f"{m.on or 'metrics'} | {formula} | {only} |"
        )
    return "\n".join(lines) + "\n"


def put(text: str) -> str:
    """Give the page with the list between its marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{listed()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(put(PAGE.read_text("utf-8")), "utf-8")
    KEPT.write_text("".join(f"{c}: {f}\n" for c, f in formulas().items()), "utf-8")
