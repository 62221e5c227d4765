"""`danshu person`: people by hand, for the first admin and for who lost every way in."""

from __future__ import annotations

import datetime
from typing import Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from danshu.capabilities.people.model import ROLES
from danshu.faces.cli import opening
from danshu.hub import invitations, people, personnel, settings
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError, Refusal

Connection = psycopg.AsyncConnection[Any]


def invite(login: str, name: str, number: str, roles: list[str], tenant: str, as_json: bool) -> int:
    """Invite somebody; prints the link by which they join."""
    for role in roles:
        if role not in ROLES:
            raise InputError("role", f"a role is one of {', '.join(ROLES)}")

    async def work(hub: Hub) -> tuple[people.Row, invitations.Link]:
        merchant = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await personnel.invite(
                connection,
                merchant,
                opening.CLI,
                hub.clock(),
                login=login,
                name=name or login,
                number=number,
                roles=roles,
                warehouses=(),
            )

    row, link = opening.with_hub(work)
    _tell_link(row, link, as_json)
    return 0


def show(tenant: str, as_json: bool) -> int:
    """List the people of a merchant."""

    async def work(hub: Hub) -> list[people.Row]:
        merchant = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await people.each(connection, merchant)

    rows = opening.with_hub(work)
    if as_json:
        opening.show_json(
            [
                {
                    "id": str(r.id),
                    "number": r.person.number,
                    "login": r.login,
                    "name": r.name,
                    "roles": r.person.roles,
                    "warehouses": r.person.warehouses,
                    "state": r.person.state,
                    "passkeys": len(r.person.passkeys),
                    "password": r.person.password,
                    "totp": r.person.totp,
                }
                for r in rows
            ]
        )
        return 0
    table = Table("工号", "账号", "姓名", "角色", "状态", "登录方式")
    for r in rows:
        ways = [f"通行密钥 {len(r.person.passkeys)}"] if r.person.passkeys else []
        ways += ["密码"] if r.person.password else []
        ways += ["动态码"] if r.person.totp else []
        roles = " ".join(r.person.roles)
        table.add_row(
            r.person.number, r.login, r.name, roles, r.person.state, "、".join(ways) or "—"
        )
    Console().print(table)
    return 0


def disable(who: str, reason: str, tenant: str, as_json: bool) -> int:
    """Disable a person; every session ends."""

    async def work(hub: Hub) -> tuple[people.Row, Refusal | None]:
        merchant = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            row = await _find(connection, merchant, who)
            refusal = await personnel.disable(
                connection, merchant, row.id, opening.CLI, reason, hub.clock()
            )
            return row, refusal

    row, refusal = opening.with_hub(work)
    if refusal is not None:
        raise InputError(refusal.code, refusal.reason)
    if as_json:
        opening.show_json({"id": str(row.id), "state": "disabled"})
    else:
        typer.echo(f"{row.person.number} 已停用,会话已全部结束。")
    return 0


def link(who: str, tenant: str, as_json: bool) -> int:
    """Print a link that lets a person in once: to join, or to come back in within 10 minutes."""

    async def work(hub: Hub) -> tuple[people.Row, invitations.Link | Refusal]:
        merchant = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection, connection.transaction():
            row = await _find(connection, merchant, who)
            row = await people.lock(connection, merchant, row.id)
            return row, await invitations.link(connection, merchant, row, opening.CLI, hub.clock())

    row, made = opening.with_hub(work)
    if isinstance(made, Refusal):
        raise InputError(made.code, made.reason)
    _tell_link(row, made, as_json)
    return 0


async def _find(connection: Connection, tenant: int, who: str) -> people.Row:
    """Find a person by login, number or id. Raises InputError `no_person`."""
    for row in await people.each(connection, tenant):
        if who.casefold() in (row.login, row.person.number.casefold(), str(row.id)):
            return row
    raise people.NO_PERSON


def _tell_link(row: people.Row, made: invitations.Link, as_json: bool) -> None:
    chosen = settings.read()
    url = f"{chosen.origin_at(chosen.port)}/sign-in#invite={made.token}"
    ends = datetime.datetime.fromtimestamp(made.ends_ms / 1000, datetime.UTC)
    if as_json:
        opening.show_json(
            {"id": str(row.id), "url": url, "token": made.token, "ends": ends.isoformat()}
        )
        return
    local = ends.astimezone()
    typer.echo(f"{row.person.number} {row.name}:一次性链接,{local:%Y-%m-%d %H:%M} 前有效:\n{url}")
