"""`danshu safe`: the key of the safe that holds far sides' secrets, changed in the open."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The key of the safe that holds far sides' secrets.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of prose.")]


@app.command("add-key")
def add_key(as_json: Json = False) -> None:
    """Put a new key before those of the file in the data folder; `reseal` follows."""
    import os

    from danshu.faces.cli import opening
    from danshu.kernel.errors import InputError
    from danshu.ledger import engine, safe

    if os.environ.get(safe.VARIABLE):
        raise InputError("safe_key", f"the keys are in {safe.VARIABLE}: put the new one before it")
    name = safe.add_key(engine.home(os.environ))
    if as_json:
        opening.show_json({"key": name})
    else:
        typer.echo(f"新密钥 {name} 已排在最前;重启各进程,再执行 danshu safe reseal")


@app.command()
def reseal(as_json: Json = False) -> None:
    """Seal with the first key whatever another had sealed."""
    from danshu.faces.cli import opening
    from danshu.hub.compose import Hub
    from danshu.ledger import safe

    async def work(hub: Hub) -> int:
        async with hub.connection() as connection:
            return await safe.reseal(connection)

    count = opening.with_hub(work)
    name = safe.tell_key(safe.read_keys()[0])
    if as_json:
        opening.show_json({"key": name, "resealed": count})
    else:
        typer.echo(f"以密钥 {name} 重新封存 {count} 项")
