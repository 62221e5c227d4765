"""`danshu archive`: days of facts on object storage."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Days of facts on object storage; their proofs stay.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("run")
def run(
    days: Annotated[int, typer.Option(help="Days that stay; DANSHU_ARCHIVE_DAYS.", min=-1)] = -1,
    as_json: Json = False,
) -> None:
    """Put away what has ended of all days older than that, of every merchant, now."""
    from danshu.faces.cli import archiving as room

    raise typer.Exit(room.run(days, as_json))


@app.command("list")
def show(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """List what was put away of a merchant."""
    from danshu.faces.cli import archiving as room

    raise typer.Exit(room.show(tenant, as_json))


@app.command("verify")
def verify(
    day: Annotated[str, typer.Option(help="One day, 2026-09-30; all when left out.")] = "",
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Read files whole: digest, signed manifest, each fact against its leaf; exit 1 if not so."""
    from danshu.faces.cli import archiving as room

    raise typer.Exit(room.verify(day, tenant, as_json))


@app.command("restore")
def restore(
    day: Annotated[str, typer.Argument(help="2026-09-30")],
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Bring a day back into the database for good, once all of it was verified."""
    from danshu.faces.cli import archiving as room

    raise typer.Exit(room.restore(day, tenant, as_json))
