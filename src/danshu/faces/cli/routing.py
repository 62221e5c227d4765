"""`danshu routing`: why a decision, the same once more, the same under another policy."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(
    help="Explain routing decisions, replay them, try them under another policy.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("explain")
def explain(order: str, tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Tell why this warehouse, and why not each of the others."""
    from danshu.faces.cli import deciding

    raise typer.Exit(deciding.explain(order, tenant, as_json))


@app.command("replay")
def replay(order: str, tenant: Tenant = "demo", as_json: Json = False) -> None:
    """Decide again on the stored snapshot; the bytes must be equal."""
    from danshu.faces.cli import deciding

    raise typer.Exit(deciding.replay(order, tenant, as_json))


@app.command("counterfactual")
def counterfactual(
    order: str,
    policy: Annotated[
        str, typer.Option(help="none, the digest of a published set, or the id of a draft.")
    ] = "none",
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """Decide again on the stored snapshot under another policy; nothing is written."""
    from danshu.faces.cli import deciding_otherwise

    raise typer.Exit(deciding_otherwise.counterfactual(order, policy, tenant, as_json))
