"""`danshu person`: people of a merchant, from the machine that the hub runs on."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="People of a merchant: the first admin, a way back in.", no_args_is_help=True
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("invite")
def person_invite(
    login: Annotated[str, typer.Argument(help="What they sign in by, an e-mail address.")],
    number: Annotated[str, typer.Option(help="Their number at work, C12.")],
    role: Annotated[
        list[str],
        typer.Option(
            help="service, warehouse, reviewer, policy, legal, finance, steward, sre or admin;"
            " may be repeated."
        ),
    ],
    name: Annotated[str, typer.Option(help="Name to show; the login when left out.")] = "",
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Invite somebody; prints a link that is good for 7 days, once."""
    from danshu.faces.cli import people as room

    raise typer.Exit(room.invite(login, name, number, role, tenant, as_json))


@app.command("list")
def person_list(tenant: Tenant = "demo", as_json: Json = False) -> None:
    """List the people of a merchant."""
    from danshu.faces.cli import people as room

    raise typer.Exit(room.show(tenant, as_json))


@app.command("disable")
def person_disable(
    who: Annotated[str, typer.Argument(help="Login, number or id.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the fact.")],
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Disable a person: every session ends in the same commit."""
    from danshu.faces.cli import people as room

    raise typer.Exit(room.disable(who, reason, tenant, as_json))


@app.command("link")
def person_link(
    who: Annotated[str, typer.Argument(help="Login, number or id.")],
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Print a link that lets a person back in once, within 10 minutes; issuing it is a fact."""
    from danshu.faces.cli import people as room

    raise typer.Exit(room.link(who, tenant, as_json))
