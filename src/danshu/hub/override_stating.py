"""The statement of an override: what it costs against the router, in the words that are signed."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.performing import statement as statements
from danshu.hub import decision_views, overriding, stating
from danshu.hub.actors import name_actors
from danshu.hub.override_words import CONFIRMED, GIVEN_BACK, LIFTED, PART, REASONS, STATEMENT
from danshu.kernel.fact import rfc3339
from danshu.kernel.money import format_minor

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.hub.acts import Held
    from danshu.hub.doers import By
    from danshu.hub.overriding import Choice, Chosen
    from danshu.hub.stating import Lang
    from danshu.hub.world import World
    from danshu.kernel.machine import Words

Connection = psycopg.AsyncConnection[Any]
_ZONE: Final = ZoneInfo("Asia/Shanghai")


class Stated(Struct, frozen=True, kw_only=True):
    """The figures of an override, in 分; `decision` is the fact that it supersedes."""

    was: tuple[str, ...]
    router: tuple[str, ...]
    router_fen: int
    cost_fen: int
    lifted: tuple[str, ...]
    decision: str

    @property
    def more_fen(self) -> int:
        """What it costs beside the router's plan."""
        return self.cost_fen - self.router_fen


class _Named(Struct, frozen=True, kw_only=True):
    """What the statement's bytes name as the act that is signed."""

    action: str = "route_override"
    version: int = 1


def state(chosen: Chosen, decision: str) -> Stated:
    """Give the figures of a choice."""
    return Stated(
        was=chosen.was,
        router=overriding.warehouses(chosen.router),
        router_fen=overriding.total_fen(chosen.router),
        cost_fen=overriding.total_fen(chosen.decision),
        lifted=chosen.ruled,
        decision=decision,
    )


async def newest_decision(connection: Connection, tenant: int, order: uuid.UUID) -> str:
    """Give the fact of an order's newest decision, "" where it was never routed."""
    recorded = await decision_views.read_recorded(connection, tenant, order)
    return recorded[-1].fact if recorded else ""


async def write(
    connection: Connection,
    world: World,
    held: Held,
    choice: Choice,
    stated: Stated,
    by: By,
    now_ms: int,
    *,
    reason: str,
    note: str,
    lang: Lang,
    first: str = "",
) -> tuple[str, bytes]:
    """Write what is shown and the bytes that are signed; `first` is whom a second person confirms.

    Raises InputError `statement_long`.
    """
    template = _template(choice, stated, lang, is_second=bool(first))
    shown = statements.render(
        template, _figures(world, held, choice, stated, now_ms, reason, note, lang), lang
    )
    body: dict[str, object] = {
        "cost_fen": stated.cost_fen,
        "decision": stated.decision,
        "fulfilment": choice.fulfilment,
        "lang": lang,
        "lifted": list(stated.lifted),
        "note": note,
        "reason": reason,
        "role": by.actor.role,
        "router": list(stated.router),
        "router_fen": stated.router_fen,
        "shown_at": rfc3339(now_ms),
        "to": choice.warehouse,
        "was": list(stated.was),
    }
    if first:
        names = await name_actors(connection, world.tenant, [first])
        body |= {"confirms": first, "confirms_number": names[first]}
    raw = statements.write(
        _Named(),
        definition=statements.text_digest(template),
        after=await stating.newest_checkpoint(connection, world.tenant),
        body=body,
        evidence=(),
        order=str(held.id),
        salt=os.urandom(statements.SALT_BYTES),
        shown=shown,
        subject=by.sub,
    )
    return shown, raw


def _template(choice: Choice, stated: Stated, lang: str, *, is_second: bool) -> str:
    """Give the words before the figures: of a part and of policy only where there is one."""
    words = _pick(STATEMENT if choice.warehouse else GIVEN_BACK, lang)
    words = words.replace("{part}", _pick(PART, lang) if choice.fulfilment else "")
    words = words.replace("{lifted}", _pick(LIFTED, lang) if stated.lifted else "")
    return (_pick(CONFIRMED, lang) if is_second else "") + words


def _pick(words: Words, lang: str) -> str:
    return words.en if lang == "en" else words.zh


def _figures(
    world: World,
    held: Held,
    choice: Choice,
    stated: Stated,
    now_ms: int,
    reason: str,
    note: str,
    lang: Lang,
) -> dict[str, str]:
    names = {w.code: w.name for w in world.warehouses}

    def named(codes: Iterable[str]) -> str:
        return "、".join(names.get(code, code) for code in codes)

    shown = datetime.datetime.fromtimestamp(now_ms / 1000, _ZONE)
    return {
        "order": held.order.number,
        "no": str(choice.fulfilment),
        "warehouse": named([choice.warehouse]),
        "was": named(stated.was),
        "router": named(stated.router),
        "router_cost": format_minor(stated.router_fen, "CNY"),
        "cost": format_minor(stated.cost_fen, "CNY"),
        "more": format_minor(stated.more_fen, "CNY"),
        "rules": "、".join(stated.lifted),
        "reason": _pick(REASONS[reason], lang),
        "note": note,
        "time": f"{shown:%Y-%m-%d %H:%M:%S} (UTC+8)",
    }
