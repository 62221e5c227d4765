"""Who may come in: API keys, and shops on channels. Secrets go in and never come out again."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.auth import Keyring
from danshu.faces.http.channels import Doors
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.hub import merchants
from danshu.hub.fields import PLAIN, Label
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.ports import registry
from danshu.ports.channel import Account

_KEYS: Final = (
    "select id,name,role,created,revoked from api_keys where tenant=%s order by created, id"
)
_ACCOUNTS: Final = (
    "select account,channel,shop,key,secret<>'' from accounts where tenant=%s order by account"
)
Role = Literal["admin", "operator", "warehouse", "channel", "sensor", "viewer"]


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For whom a key is, and what it may do."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
    role: Role


class IssuedKey(Struct, frozen=True, kw_only=True):
    """A new key, shown this once; only its hash is kept."""

    id: str
    name: str
    role: str
    key: str


class KeyItem(Struct, frozen=True, kw_only=True):
    """A key that was issued; `revoked` is "" while it is valid."""

    id: str
    name: str
    role: str
    created: str
    revoked: str


class Keys(Struct, frozen=True, kw_only=True):
    """The keys of the merchant."""

    items: tuple[KeyItem, ...]


class NewAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shop on a channel; `secret` verifies its messages."""

    account: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?![\s\S])")]
    channel: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    shop: Label = ""
    key: Label = ""
    secret: Annotated[str, Meta(min_length=8, max_length=500, pattern=PLAIN)]


class AccountItem(Struct, frozen=True, kw_only=True):
    """A shop on a channel, and where its messages are sent to."""

    account: str
    channel: str
    shop: str
    key: str
    has_secret: bool
    path: str


class Accounts(Struct, frozen=True, kw_only=True):
    """The merchant's shops."""

    items: tuple[AccountItem, ...]


@post(
    "/v1/keys",
    operation_id="issueKey",
    tags=["access"],
    responses=PROBLEMS,
    guards=[may("key.admin"), only_json],
)
async def issue_key(data: JSONBody[NewKey], request: Request[Any, Any, Any]) -> IssuedKey:
    """Issue an API key."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        key = await merchants.issue_key(connection, held.tenant, data.name, data.role, held.actor)
    return IssuedKey(id=key.split("_", 3)[2], name=data.name, role=data.role, key=key)


@get(
    "/v1/keys",
    operation_id="listKeys",
    tags=["access"],
    responses=READ_PROBLEMS,
    guards=[may("key.admin")],
)
async def list_keys(request: Request[Any, Any, Any]) -> Keys:
    """List the keys, without what would open a door."""
    async with hub_of(request).connection() as connection:
        cursor = await connection.execute(_KEYS, (held_of(request).tenant,))
        rows = await cursor.fetchall()
    return Keys(
        items=tuple(
            [
                KeyItem(id=r[0], name=r[1], role=r[2], created=_time(r[3]), revoked=_time(r[4]))
                for r in rows
            ]
        )
    )


def _time(moment: Any) -> str:
    return rfc3339(int(moment.timestamp() * 1000)) if moment else ""


@delete(
    "/v1/keys/{key_id:str}",
    operation_id="revokeKey",
    tags=["access"],
    responses=READ_PROBLEMS,
    guards=[may("key.admin")],
    status_code=204,
)
async def revoke_key(key_id: FromPath[str], request: Request[Any, Any, Any]) -> None:
    """Revoke a key: at once in this process, within half a minute in others."""
    held = held_of(request)
    keyring: Keyring = request.app.state.keyring
    if "\0" in key_id:
        raise InputError("no_key", "there is no such key")
    async with hub_of(request).connection() as connection:
        if not await merchants.revoke_key(connection, held.tenant, key_id, held.actor):
            raise InputError("no_key", "there is no such key")
    keyring.forget(held.tenant)


@put("/v1/accounts", **declare_write("putAccount", "access", "account.admin"))
async def put_account(
    data: JSONBody[NewAccount], request: Request[Any, Any, Any]
) -> Response[AccountItem]:
    """Register a shop, or give it another secret."""
    if registry.spell_name(data.channel) not in registry.names("channel"):
        raise InputError("unknown_channel", "there is no such channel", "/channel")
    held = held_of(request)
    doors: Doors = request.app.state.doors
    account = Account(
        account=data.account,
        tenant=held.tenant,
        channel=registry.spell_name(data.channel),
        shop=data.shop,
        key=data.key,
        secret=data.secret,
    )
    async with hub_of(request).connection() as connection:
        await merchants.open_account(connection, account, held.actor)
    doors.forget(held.tenant)
    return Response(_item(held.tenant, account.account, account.channel, data.shop, data.key, True))


@get("/v1/accounts", **declare_read("listAccounts", "access", "account.admin"))
async def list_accounts(request: Request[Any, Any, Any]) -> Accounts:
    """List the shops, without their secrets."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        rows = await (await connection.execute(_ACCOUNTS, (tenant,))).fetchall()
    return Accounts(items=tuple([_item(tenant, *r) for r in rows]))


def _item(
    tenant: int, account: str, channel: str, shop: str, key: str, has_secret: bool
) -> AccountItem:
    return AccountItem(
        account=account,
        channel=channel,
        shop=shop,
        key=key,
        has_secret=has_secret,
        path=f"/v1/channels/{channel}?account={tenant}.{account}",
    )


ROUTES: Final = [issue_key, list_keys, revoke_key, put_account, list_accounts]
