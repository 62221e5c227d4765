"""`danshu evidence export`, `danshu keys`: what is handed to others, and how they check it."""

from __future__ import annotations

from pathlib import Path

import typer

from danshu.faces.cli import opening
from danshu.hub import evidence, merchants
from danshu.hub.compose import Hub
from danshu.ledger.prove import Prover


def export(order: str, out: Path | None, tenant: str, as_json: bool) -> int:
    """Write the bundle of an order, sealing first what no worker has sealed yet."""

    async def work(hub: Hub) -> tuple[str, bytes]:
        number = await opening.find_tenant(hub, tenant)
        id_ = await opening.find_order(hub, number, order)
        await opening.settle_log(hub.url)
        async with hub.connection() as connection:
            return str(id_), await evidence.export(connection, Prover(), number, id_)

    id_, bundle = opening.with_hub(work)
    path = out or Path(f"{id_}.evb.zip")
    path.write_bytes(bundle)
    if as_json:
        opening.show_json({"order": id_, "file": str(path), "bytes": len(bundle)})
    else:
        typer.echo(f"{path}  {len(bundle):,} 字节;核验:danshu verify {path} --trust 公钥文件")
    return 0


def issue(name: str, role: str, tenant: str, as_json: bool) -> int:
    """Issue an API key and print it, once."""

    async def work(hub: Hub) -> str:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await merchants.issue_key(connection, number, name, role, opening.CLI)

    key = opening.with_hub(work)
    if as_json:
        opening.show_json({"key": key, "name": name, "role": role, "tenant": tenant})
    else:
        typer.echo(key)
    return 0


def trust(tenant: str, as_json: bool) -> int:
    """Print the verification keys of the merchant's books, one a line."""

    async def work(hub: Hub) -> list[str]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await evidence.read_trust(connection, number)

    lines = opening.with_hub(work)
    if as_json:
        opening.show_json({"tenant": tenant, "vkeys": lines})
    else:
        typer.echo("\n".join(lines))
    return 0
