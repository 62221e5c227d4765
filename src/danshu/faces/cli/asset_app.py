"""`danshu assets`: what is known of orders, made from the log."""

from __future__ import annotations

from typing import Annotated

import typer

from danshu.faces.cli import assets_trace

app = typer.Typer(
    help="Assets made from the log: lists, builds, comparisons.", no_args_is_help=True
)
app.command("trace")(assets_trace.trace)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]
Names = Annotated[list[str] | None, typer.Argument(help="Names of assets; all when left out.")]


@app.command("list")
def show_all(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """List assets: state, rows, quality, when they were built."""
    from danshu.faces.cli import assets as room

    raise typer.Exit(room.show_all(tenant, as_json))


@app.command("show")
def show(
    name: str,
    tenant: Tenant = "demo",
    dialect: Annotated[
        str, typer.Option(help="duckdb, postgres, spark or clickhouse: print its query alone.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show an asset: columns, sources, checks, its last run; or its query."""
    from danshu.faces.cli import assets as room

    raise typer.Exit(room.show(name, tenant, dialect, as_json))


@app.command("build")
def build(
    names: Names = None,
    tenant: Tenant = "demo",
    force: Annotated[
        bool, typer.Option("--force", help="Also what nothing has changed of.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Bring the sources up to the log and build what they change; exit 1 when a build failed."""
    from danshu.faces.cli import assets as room

    raise typer.Exit(room.build(names or [], tenant, force, as_json))


@app.command("rebuild")
def rebuild(
    tenant: Tenant = "demo",
    check: Annotated[
        bool, typer.Option("--check", help="Beside what is there, compare bytes, change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make all again from the log; with --check exit 1 when a byte differs."""
    from danshu.faces.cli import assets as room

    raise typer.Exit(room.rebuild(tenant, check, as_json))
