"""`danshu merchant`: a merchant begins."""

from __future__ import annotations

import typer

from danshu.faces.cli import opening, plugged
from danshu.hub import merchants
from danshu.hub.compose import Hub


def run(code: str, name: str, sample: bool, as_json: bool) -> int:
    """Create a merchant, or give the one with that code; `sample` lends it the demo's network."""

    async def work(hub: Hub) -> int:
        async with hub.connection() as connection:
            if sample:
                number: int = await plugged.load("network")(connection, code, name or code)
                return number
            return await merchants.create_tenant(connection, code, name or code, opening.CLI)

    number = opening.with_hub(work)
    if as_json:
        opening.show_json({"tenant": number, "code": code})
    else:
        typer.echo(f"商户 {code}({number})已就绪。")
    return 0
