"""How a merchant's assistant is set up: by rules alone, or with a language model of its own.

The model is asked over the form of chat completions that many servers speak. Its key is kept in the
safe, and never shown again. Without a setting there is no model, and keys do not act by tools.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.assistant.facts import AssistantSet
from danshu.hub import merchants, outside
from danshu.kernel.errors import InputError
from danshu.ledger import safe

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_SECRET: Final = "assistant/key"
_READ: Final = "select url, model, day_tokens, keys_act from assistant_settings where tenant=%s"
_PUT: Final = (
    "insert into assistant_settings(tenant,url,model,day_tokens,keys_act) values(%s,%s,%s,%s,%s)"
    " on conflict (tenant) do update set url=excluded.url, model=excluded.model,"
    " day_tokens=excluded.day_tokens, keys_act=excluded.keys_act"
)
_USED: Final = "select asked, tokens from assistant_days where tenant=%s and day=%s"
_SPEND: Final = (
    "insert into assistant_days as d(tenant,day,asked,tokens) values(%s,%s,%s,%s)"
    " on conflict (tenant,day) do update set asked=d.asked+excluded.asked,"
    " tokens=d.tokens+excluded.tokens"
)


class Setting(Struct, frozen=True, kw_only=True):
    """How it is set up. `url` is where chat completions are asked for (without the last word), ""
    for rules alone; `day_tokens` the budget of a day (UTC).
    """

    url: str = ""
    model: str = ""
    day_tokens: int = 0
    keys_act: bool = False

    @property
    def has_model(self) -> bool:
        """Tell whether a model is to be asked at all."""
        return bool(self.url and self.model and self.day_tokens)


async def read(connection: Connection, tenant: int) -> Setting:
    """Read the setting; the default where there is none."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    if row is None:
        return Setting()
    return Setting(url=row[0], model=row[1], day_tokens=row[2], keys_act=row[3])


async def put(
    connection: Connection, tenant: int, setting: Setting, key: str | None, actor: Actor
) -> None:
    """Set it up; a key that is None stays, "" is thrown away. Raises InputError `bad_url`,
    `missing` for an address without a model.
    """
    if setting.url:
        outside.check_url(setting.url)
        if not setting.model:
            raise InputError("missing", "a model is asked by its name", "/model")
    async with connection.transaction():
        await merchants.touch(connection, tenant)
        if key:
            await safe.put(connection, tenant, _SECRET, key)
        elif key is not None or not setting.url:
            await safe.drop(connection, tenant, _SECRET)
        row = (tenant, setting.url, setting.model, setting.day_tokens, setting.keys_act)
        await connection.execute(_PUT, row)
        said = AssistantSet(
            day_tokens=setting.day_tokens,
            keys_act=setting.keys_act,
            model=setting.model,
            url=setting.url,
        )
        await merchants.say(connection, tenant, actor, said)


async def read_key(connection: Connection, tenant: int) -> str:
    """Give the model's key; "" where there is none."""
    return await safe.read(connection, tenant, _SECRET) or ""


async def used(connection: Connection, tenant: int, now_ms: int) -> tuple[int, int]:
    """Tell how many questions a model answered today (UTC), and the tokens that took."""
    row = await (await connection.execute(_USED, (tenant, _day(now_ms)))).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


async def spend(connection: Connection, tenant: int, now_ms: int, tokens: int) -> None:
    """Count a question that a model was asked."""
    await connection.execute(_SPEND, (tenant, _day(now_ms), 1, tokens))


def _day(now_ms: int) -> datetime.date:
    return datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).date()
