"""A merchant's rules of what goods require though nobody says so, beside the shipped ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.intake.implied import ImpliedRule, merge, shipped
from danshu.hub.selling_masters import known_skus, say_imported
from danshu.kernel.errors import InputError
from danshu.kernel.limits import IMPLIED_RULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = Any
_LIST: Final = "select doc::text from implied_rules where tenant=%s order by code limit %s"
_PUT: Final = """
insert into implied_rules(tenant,code,doc,by) values(%s,%s,%s::jsonb,%s)
on conflict (tenant,code) do update set doc=excluded.doc, by=excluded.by, at=now()
"""
_OPTIONS: Final = "select code from options where tenant=%s and code=any(%s)"
_COUNT: Final = "select count(*) from implied_rules where tenant=%s"
_LOCK: Final = "select 1 from tenants where id=%s for update"
_decode: Final = msgspec.json.Decoder(ImpliedRule).decode


class ImpliedRuleShown(Struct, frozen=True, kw_only=True):
    """A rule as it stands, and whether it came with the hub."""

    rule: ImpliedRule
    shipped: bool


async def read(connection: Connection, tenant: int) -> tuple[ImpliedRule, ...]:
    """Read the rules that count for a merchant, those that are off too, by code."""
    cursor = await connection.execute(_LIST, (tenant, IMPLIED_RULES))
    return merge([_decode(row[0]) for row in await cursor.fetchall()])


async def show(connection: Connection, tenant: int) -> tuple[ImpliedRuleShown, ...]:
    """Show all rules: at most IMPLIED_RULES of the merchant's and the shipped ones."""
    known = frozenset(shipped())
    return tuple(
        [ImpliedRuleShown(rule=r, shipped=r in known) for r in await read(connection, tenant)]
    )


async def put(
    connection: Connection, tenant: int, rules: Sequence[ImpliedRule], actor: Actor
) -> None:
    """Write rules by their code, in one commit with their fact. Raises InputError `unknown_code`
    for a SKU or option that is not there, `too_many` beyond IMPLIED_RULES.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        await _check(connection, tenant, rules)
        for rule in rules:
            doc = msgspec.json.encode(rule).decode()
            await connection.execute(_PUT, (tenant, rule.code, doc, actor.sub))
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] > IMPLIED_RULES:
            raise InputError("too_many", f"at most {IMPLIED_RULES} rules")
        await say_imported(connection, tenant, actor, "implied_rules", rules)


async def _check(connection: Connection, tenant: int, rules: Sequence[ImpliedRule]) -> None:
    skus = await known_skus(connection, tenant, [r.match for r in rules if r.when == "sku"])
    wanted = [r.match for r in rules if r.when == "option"]
    options = {
        row[0] for row in await (await connection.execute(_OPTIONS, (tenant, wanted))).fetchall()
    }
    for i, rule in enumerate(rules):
        missing = (rule.when == "sku" and rule.match not in skus) or (
            rule.when == "option" and rule.match not in options
        )
        if missing:
            raise InputError(
                "unknown_code", f"there is no {rule.when} {rule.match!r}", f"/{i}/match"
            )
