"""`danshu coe`: the weekly review, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The order COE: weekly reviews made from the log.", no_args_is_help=True)


@app.callback()
def _coe() -> None:
    """The order COE: weekly reviews made from the log."""


@app.command("review")
def review(
    week: Annotated[
        str, typer.Argument(help="An ISO week (2026-W48) or a last day; left out: the last week.")
    ] = "",
    tenant: Annotated[str, typer.Option("--tenant", help="Code of the merchant.")] = "demo",
    english: Annotated[bool, typer.Option("--english", help="In English.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of prose.")
    ] = False,
) -> None:
    """Write the review of these days from the log, keep it, and print it."""
    from danshu.faces.cli import coe as room

    raise typer.Exit(room.review(week, tenant, english, as_json))
