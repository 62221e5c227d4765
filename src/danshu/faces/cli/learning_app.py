"""`danshu learn`: models learned from a merchant's orders."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="Models learned from orders: trained, listed.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("train")
def train(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Learn from the orders as they are now, then ask about those that are open."""
    from danshu.faces.cli import learning as room

    raise typer.Exit(room.train(tenant, as_json))


@app.command("list")
def show_all(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """List models: what they learned, who answers, how they do on later days."""
    from danshu.faces.cli import learning as room

    raise typer.Exit(room.show_all(tenant, as_json))
