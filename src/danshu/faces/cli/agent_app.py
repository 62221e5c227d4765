"""`danshu agent`: proposals, autonomy, skills, and the switch."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="The order agent: proposals, autonomy, skills, the switch.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("status")
def status(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Show how the agent stands: stopped, rehearsing, levels, budgets, what proposals came to."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.status(tenant, as_json))


@app.command("list")
def show_all(
    tenant: Tenant = "demo",
    state: Annotated[str, typer.Option(help="waiting, done, refused…")] = "waiting",
    as_json: Json = False,
) -> None:
    """List proposals of a state, the dearest first."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.show_all(tenant, state, as_json))


@app.command("skills")
def skills(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """List the skills that are plugged in, and what came of their last look."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.skills(tenant, as_json))


@app.command("look")
def look(skill: str, tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Let a skill look now; exit 1 when it failed."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.look(skill, tenant, as_json))


@app.command("stop")
def stop(
    tenant: Tenant = "demo",
    note: Annotated[str, typer.Option(help="What one has to say to it.")] = "",
) -> None:
    """Stop the agent: nothing is carried out any more."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.stop(tenant, note))


@app.command("resume")
def resume(
    tenant: Tenant = "demo",
    reason: Annotated[str, typer.Option(help="Why it may go on.")] = "",
) -> None:
    """Let acts be carried out again; asks for a reason."""
    from danshu.faces.cli import agent as room

    raise typer.Exit(room.resume(tenant, reason))
