"""关联 rules: which goods follow which, as last mined, and mined anew."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.associations.model import Mined, Rule
from danshu.capabilities.associations.rules import Q_MAX
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.hub import associations, data_gates
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ASSOCIATION_WINDOW_D

ASSET: Final = "baskets"
"""Which asset the rules are sums of, as the gate is asked."""
_Kind = Literal["sequence", "basket"]
_Level = Literal["sku", "family"]
Window = Annotated[int, Meta(ge=1, le=ASSOCIATION_WINDOW_D)]


class AssociationRule(Struct, frozen=True, kw_only=True):
    """Whoever buys `first` buys `then` too. Shares and lift in thousandths: `confidence` of the
    `first_units`, `otherwise` of whoever bought no `first`; `q` after Benjamini-Yekutieli, as text
    in scientific notation. `days`: share that bought it by the end of each day after.
    """

    first: str
    first_name: str
    then: str
    then_name: str
    both: int
    first_units: int
    else_units: int
    support: int
    confidence: int
    otherwise: int
    lift: int
    p: str
    q: str
    days: tuple[int, ...]


class AssociationsMined(Struct, frozen=True, kw_only=True):
    """What was found for a question: of `tested` pairs among `items` goods over `units` (buyers of
    a sequence, orders of a basket), `found` pass `q_max`; `mined` is "" before the first time.
    """

    kind: str
    level: str
    window_d: int
    follow_d: int
    units: int
    items: int
    tested: int
    found: int
    q_max: str
    mined: str
    took_ms: int
    rules: tuple[AssociationRule, ...]


class NewMining(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be mined. `follow_d`: a buyer's first order is at least so old."""

    kind: _Kind = "sequence"
    level: _Level = "sku"
    window_d: Window = 30
    follow_d: Annotated[int, Meta(ge=0, le=ASSOCIATION_WINDOW_D)] = 30


def show_rule(rule: Rule) -> AssociationRule:
    """Show a rule."""
    return AssociationRule(
        first=rule.first,
        first_name=rule.first_name,
        then=rule.then,
        then_name=rule.then_name,
        both=rule.both,
        first_units=rule.first_units,
        else_units=rule.else_units,
        support=rule.support,
        confidence=rule.confidence,
        otherwise=rule.otherwise,
        lift=rule.lift,
        p=f"{rule.p:.1e}",
        q=f"{rule.q:.1e}",
        days=rule.days,
    )


def _show(kind: str, level: str, window_d: int, found: Mined | None) -> AssociationsMined:
    return AssociationsMined(
        kind=kind,
        level=level,
        window_d=window_d,
        follow_d=found.follow_d if found else 0,
        units=found.units if found else 0,
        items=found.items if found else 0,
        tested=found.tested if found else 0,
        found=found.found if found else 0,
        q_max=str(Q_MAX),
        mined=rfc3339(found.mined_ms) if found else "",
        took_ms=found.took_ms if found else 0,
        rules=tuple(map(show_rule, found.rules)) if found else (),
    )


async def _ask(request: Request[Any, Any, Any]) -> Refusal | None:
    """Ask the gate for sums over baskets."""
    held = held_of(request)
    told = await data_gates.ask(
        hub_of(request), held.tenant, held.seated, asset=ASSET, act="aggregate"
    )
    return told if isinstance(told, Refusal) else None


KindQuery = Annotated[_Kind, QueryParameter(name="kind")]
LevelQuery = Annotated[_Level, QueryParameter(name="level", description="SKU or its family")]
WindowQuery = Annotated[int, QueryParameter(name="window_d", ge=1, le=ASSOCIATION_WINDOW_D)]


@get("/v1/associations", **declare_read("listAssociations", "associations", "association.read"))
async def list_associations(
    request: Request[Any, Any, Any],
    kind: KindQuery = "sequence",
    level: LevelQuery = "sku",
    window_d: WindowQuery = 30,
) -> Response[AssociationsMined]:
    """List the rules that were last mined for a question, the surest first."""
    no = await _ask(request)
    if no is not None:
        return respond(problems.of(no))
    async with hub_of(request).connection() as connection:
        found = await associations.read(connection, held_of(request).tenant, kind, level, window_d)
    return Response(_show(kind, level, window_d, found))


@post(
    "/v1/associations/mine",
    status_code=200,
    **declare_write("mineAssociations", "associations", "association.write"),
)
async def mine_associations(
    data: JSONBody[NewMining], request: Request[Any, Any, Any]
) -> Response[AssociationsMined]:
    """Mine rules from the log as it is now."""
    no = await _ask(request)
    if no is not None:
        return respond(problems.of(no))
    found = await associations.mine(
        hub_of(request),
        held_of(request).tenant,
        data.kind,
        data.level,
        data.window_d,
        min(data.follow_d, data.window_d),
    )
    return Response(_show(data.kind, data.level, data.window_d, found))


ROUTES: Final = [list_associations, mine_associations]
