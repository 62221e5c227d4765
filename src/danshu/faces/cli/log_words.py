"""`danshu log`: the log's keys, and a linked log after a restored backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The log's keys, and a linked log after a restored backup.")
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]
Tenant = Annotated[str, typer.Option("--tenant", help="Code of the merchant.")]


@app.command("keys")
def log_keys(
    witness: Annotated[
        bool, typer.Option("--witness", help="Print the lines for a witness's --logs instead.")
    ] = False,
    tenant: Tenant = "demo",
    as_json: Json = False,
) -> None:
    """List the keys that the log signs or signed by, with their validity."""
    from danshu.faces.cli import log as room

    raise typer.Exit(room.keys(tenant, witness, as_json))


@app.command("rotate")
def log_rotate(
    key_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The new key, kept in a file.")
    ] = None,
    overlap: Annotated[
        int, typer.Option(help="Hours that the old key signs beside it.", min=0, max=8760)
    ] = 168,
    as_json: Json = False,
) -> None:
    """Change the log's key; every merchant's book says so."""
    from danshu.faces.cli import log as room

    raise typer.Exit(room.rotate(key_file, overlap, as_json))


@app.command("revoke")
def log_revoke(
    key: Annotated[str, typer.Argument(help="Public key in hex, from `danshu log keys`.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the fact.")],
    as_json: Json = False,
) -> None:
    """Revoke a key that was rotated away; it signs nothing any more."""
    from danshu.faces.cli import log as room

    raise typer.Exit(room.revoke(key, reason, as_json))


@app.command("relink")
def log_relink(
    seals: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of the last notes.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Begin a linked log after an older backup was restored; stop everything else first."""
    from danshu.faces.cli import log as room

    raise typer.Exit(room.link(seals, as_json))
