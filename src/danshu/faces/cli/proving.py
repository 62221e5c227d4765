"""`danshu evidence export`, `danshu keys`: what is handed to others, and how they check it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import typer

from danshu.faces.cli import opening
from danshu.hub import bundle_exports, evidence, heads, merchants, views
from danshu.hub.compose import Hub
from danshu.ledger.prove import Prover


def export(
    order: str, out: Path | None, tenant: str, purpose: str, pdf: bool, as_json: bool
) -> int:
    """Write the bundle of an order, sealing first what no worker has sealed yet; with `pdf` the
    summary beside it. That it left is a fact.
    """

    async def work(hub: Hub) -> tuple[str, bytes]:
        number = await opening.find_tenant(hub, tenant)
        id_ = await opening.find_order(hub, number, order)
        await opening.settle_log(hub.url)
        async with hub.connection() as connection:
            await heads.commit_head(connection, number, id_)
            await opening.settle_log(hub.url)
            facts = await views.has_order(connection, number, id_)
            bundle = await evidence.export(connection, Prover(), number, id_)
            await bundle_exports.record(
                connection, number, opening.CLI, id_, bundle, facts=facts, purpose=purpose
            )
        return str(id_), bundle

    id_, bundle = opening.with_hub(work)
    path = out or Path(f"{id_}.evb.zip")
    path.write_bytes(bundle)
    told: dict[str, str | int] = {"order": id_, "file": str(path), "bytes": len(bundle)}
    if pdf:
        sheet = path.with_name(path.name.removesuffix(".zip").removesuffix(".evb") + ".pdf")
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            sheet.write_bytes(archive.read("存证摘要.pdf"))
        told["pdf"] = str(sheet)
    if as_json:
        opening.show_json(told)
    else:
        typer.echo(f"{path}  {len(bundle):,} 字节;核验:danshu verify {path} --trust 公钥文件")
        if pdf:
            typer.echo(f"{told['pdf']}  存证摘要")
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
