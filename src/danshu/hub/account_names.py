"""By which codes and names finance's own books know the accounts 科目对照; exports use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement.accounts import CHART
from danshu.capabilities.settlement.facts import AccountName, AccountsNamed
from danshu.hub import merchants, posting
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select account, code, name from account_names where tenant=%s order by account"
_CLEAR: Final = "delete from account_names where tenant=%s"
_PUT: Final = """
insert into account_names(tenant,account,code,name)
select %s, u.account, u.code, u.name from unnest(%s::int4[],%s::text[],%s::text[])
u(account,code,name)
"""


async def read(connection: Connection, tenant: int) -> tuple[AccountName, ...]:
    """Read which accounts have a code of the merchant's own, by account."""
    rows = await (await connection.execute(_READ, (tenant,))).fetchall()
    return tuple(AccountName(account=a, code=c, name=n) for a, c, n in rows)


async def put(
    connection: Connection, tenant: int, names: Sequence[AccountName], actor: Actor
) -> tuple[AccountName, ...]:
    """Set the codes of all accounts anew; those not named have the hub's own. Raises InputError
    `unknown_account`, `twice`.
    """
    seen: set[int] = set()
    for at, one in enumerate(names):
        if one.account not in CHART:
            raise InputError("unknown_account", f"no account {one.account}", f"/{at}/account")
        if one.account in seen:
            raise InputError("twice", f"{one.account} is named twice", f"/{at}/account")
        seen.add(one.account)
    ordered = tuple(sorted(names, key=lambda one: one.account))
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        if ordered == await read(connection, tenant):
            return ordered
        await connection.execute(_CLEAR, (tenant,))
        columns = (
            [one.account for one in ordered],
            [one.code for one in ordered],
            [one.name for one in ordered],
        )
        await connection.execute(_PUT, (tenant, *columns))
        await merchants.say(connection, tenant, actor, AccountsNamed(names=ordered))
    return ordered
