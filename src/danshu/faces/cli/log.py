"""`danshu log`: the log's keys, and a linked log after a restored backup."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import typer

from danshu.faces.cli import opening
from danshu.hub import compose, log_keys
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError
from danshu.ledger import engine, relink, signers
from danshu.ledger.write import connect


def keys(tenant: str, witness: bool, as_json: bool) -> int:
    """List the log's keys with their validity, or the lines that a witness's operator needs."""

    async def work(hub: Hub) -> tuple[list[log_keys.TrustedKey], list[str]]:
        if witness:
            await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            await signers.load_signer(connection)
            listed = await log_keys.read(connection)
            return listed, await log_keys.witness_lines(connection, tenant)

    listed, lines = opening.with_hub(work)
    if as_json:
        shown: dict[str, Any] = {"keys": msgspec.to_builtins(listed)}
        opening.show_json({**shown, "witness": lines} if witness else shown)
    elif witness:
        typer.echo("\n".join(lines))
    else:
        for key in listed:
            until = f"  至 {key.until:%Y-%m-%d %H:%M}Z" if key.until else ""
            typer.echo(f"{key.public_key}  {key.state}  自 {key.since:%Y-%m-%d %H:%M}Z{until}")
    return 0


def rotate(file: Path | None, overlap_h: int, as_json: bool) -> int:
    """Change the log's key; the one before signs beside it for a while."""
    signer = signers.read_file(file) if file else None

    async def work(hub: Hub) -> tuple[str, str]:
        async with hub.connection() as connection:
            before, after = await log_keys.rotate(connection, signer, overlap_h * 3600, opening.CLI)
        return before.public_key.hex() if before else "", after.public_key.hex()

    old, new = opening.with_hub(work)
    if as_json:
        opening.show_json({"new": new, "old": old, "overlap_h": overlap_h})
    else:
        typer.echo(f"日志改用密钥 {new};旧密钥 {old or '无'} 再并签 {overlap_h} 小时")
        typer.echo("请把新公钥发给持有信任清单的人与见证人:danshu log keys --witness")
    return 0


def revoke(key: str, reason: str, as_json: bool) -> int:
    """Revoke a key that was rotated away."""
    try:
        public = bytes.fromhex(key)
    except ValueError as error:
        raise InputError("no_key", "a key is 64 hexadecimal digits: `danshu log keys`") from error

    async def work(hub: Hub) -> None:
        async with hub.connection() as connection:
            await log_keys.withdraw(connection, public, reason, opening.CLI)

    opening.with_hub(work)
    if as_json:
        opening.show_json({"reason": reason, "revoked": key})
    else:
        typer.echo(f"已作废 {key}:{reason}")
    return 0


def link(seals: Path | None, as_json: bool) -> int:
    """Begin a linked log after an older backup was restored; everything else must be stopped."""
    from danshu.faces.work import rooms

    async def work(url: str) -> tuple[relink.Linked, ...]:
        folder = await asyncio.to_thread(rooms.seals_folder, url) if seals is None else seals
        connection = await connect(url, "danshu log relink")
        try:
            return await relink.relink(connection, folder, opening.CLI, compose.now_ms())
        finally:
            await connection.close()

    with engine.resolve(tell=lambda text: typer.echo(text, err=True)) as store:
        compose.prepare(store.url)
        linked = asyncio.run(work(store.url))
    if as_json:
        opening.show_json({"linked": msgspec.to_builtins(linked)})
    else:
        for one in linked:
            typer.echo(
                f"{one.origin} 接续 {one.old_origin}(曾签 {one.size} 条,本库存 {one.held} 条),"
                f"移入未封 {one.moved} 条"
            )
    return 0


def witness(listen: str, data: Path, logs: Path, name: str) -> int:
    """Serve a witness until told to stop."""
    import time

    import uvicorn

    from danshu.faces.witness import Logs, Server, Witness

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise InputError("bad_listen", "--listen is ADDRESS:PORT")
    made = Witness(data, name, Logs(logs), lambda: time.time_ns() // 1_000_000_000)
    typer.echo(f"danshu witness: http://{listen}/add-checkpoint", err=True)
    typer.echo(made.key.encode())
    config = uvicorn.Config(
        Server(made), host=host.strip("[]"), port=int(port), log_level="warning", lifespan="off"
    )
    uvicorn.Server(config).run()
    made.close()
    return 0
