"""The gate of assets 数据门: asked for every sight of an asset and every way out of the house.

What it looks at: the rules (Cedar) with the asset, its level and the purpose; a grant, if one
holds now; then the compliance checkpoint (capabilities/protection/decide.py). A route guards with
`asset.read` and asks here: a grant opens what no role does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.protection import decide, grants
from danshu.capabilities.protection.model import Act, Case, ExportNeed, Form, Outcome
from danshu.hub import asset_levels, data_grants
from danshu.kernel.errors import InputError, Refusal
from danshu.ports import registry

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Context
    from danshu.hub.compose import Hub
    from danshu.hub.rights import Seated
    from danshu.ports.asset import Asset

Connection = psycopg.AsyncConnection[Any]
NO_ASSET: Final = InputError("no_asset", "there is no such asset")
CLEAR_LEVEL: Final = 3
"""Columns of this level and above are masked in rows, unless a grant names them."""


class Passage(Struct, frozen=True, kw_only=True):
    """A yes. `masked` are the columns of rows that are shown masked, `least_people` how many people
    a cell covers at least. `needs` of a file are what is still wanted: ask for it, then others
    agree (docs/reference/protection.md); () of what is shown at once.
    """

    asset: str
    act: Act
    form: Form
    purpose: str
    level: int
    masked: frozenset[str] = frozenset()
    needs: tuple[ExportNeed, ...] = ()
    grant: uuid.UUID | None = None
    border: str = ""


def find_asset(name: str) -> Asset:
    """Give an asset by its name. Raises InputError `no_asset`."""
    if registry.spell_name(name) not in registry.names("asset"):
        raise NO_ASSET
    return cast("Asset", registry.load("asset", name))


async def ask(
    hub: Hub,
    tenant: int,
    seated: Seated,
    *,
    asset: str,
    act: Act,
    purpose: str = "",
    recipient: str = "",
    columns: tuple[str, ...] = (),
    people: int = 0,
    form: Form | None = None,
) -> Passage | Refusal:
    """Ask for one act on an asset. `purpose` "" is the asset's own; `columns` () are all.

    `form` of a file is `cells` unless told, of `view` it is `rows`. Raises InputError `no_asset`.
    """
    wanted = form or ("rows" if act == "view" else "cells")
    case, levels = await describe(
        hub, tenant, seated, asset=asset, act=act, form=wanted, purpose=purpose, columns=columns
    )
    outcome = decide.decide(replace(case, people=people, recipient=recipient))
    return outcome.refusal or passage(levels, case, outcome)


async def describe(
    hub: Hub,
    tenant: int,
    seated: Seated,
    *,
    asset: str,
    act: Act,
    form: Form,
    purpose: str = "",
    columns: tuple[str, ...] = (),
) -> tuple[Case, asset_levels.Levels]:
    """Describe a wish as far as rules, grants and levels tell. Raises InputError `no_asset`."""
    made = find_asset(asset)
    levels = await asset_levels.read(hub, tenant, made)
    wanted = purpose or made.purpose
    level = levels.highest(columns)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        given = await data_grants.of(connection, tenant, seated.seat.principal, asset)
    grant = grants.find(given, asset=asset, act=act, purpose=wanted, now_ms=now_ms)
    context: Context = {"asset": asset, "level": level, "purpose": wanted}
    told: Context = context if grant is None else {**context, "granted": 1}
    case = Case(
        asset=asset,
        act=act,
        form=form,
        purpose=wanted,
        meant_for=made.purpose,
        level=level,
        may=seated.ask(f"asset.{act}", told).allowed,
        aggregates=seated.ask("asset.aggregate", context).allowed,
        is_sensitive=levels.is_sensitive(columns),
        is_important=level >= 5,
        grant=grant,
        lapsed=grants.lapsed(given, asset=asset, act=act, purpose=wanted, now_ms=now_ms),
    )
    return case, levels


def passage(levels: asset_levels.Levels, case: Case, outcome: Outcome) -> Passage:
    """Write a yes as what may be shown."""
    return Passage(
        asset=case.asset,
        act=case.act,
        form=case.form,
        purpose=case.purpose,
        level=case.level,
        masked=levels.masked(case.grant, CLEAR_LEVEL) if case.form == "rows" else frozenset(),
        needs=outcome.needs,
        grant=case.grant.id if case.grant else None,
        border=outcome.border,
    )
