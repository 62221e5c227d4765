"""`danshu forecast`: demand by place and SKU."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Forecasts of demand: past sales, runs, figures.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("history")
def bring(file: Path, tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Bring past sales of before this hub: CSV or XLSX of day, place, sku, units."""
    from danshu.faces.cli import forecasting as room

    raise typer.Exit(room.bring(file, tenant, as_json))


@app.command("run")
def run(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Forecast now, in a child process."""
    from danshu.faces.cli import forecasting as room

    raise typer.Exit(room.run(tenant, as_json))


@app.command("list")
def show(
    tenant: Tenant = "demo",
    place: Annotated[str, typer.Option(help="A warehouse, or two digits of a province.")] = "",
    as_json: Json = False,
) -> None:
    """List what sells most, with what it is to sell."""
    from danshu.faces.cli import forecasting as room

    raise typer.Exit(room.show(tenant, place, as_json))
