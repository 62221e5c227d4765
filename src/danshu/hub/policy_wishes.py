"""Policies told in words 用话说的策略: kept with who said them and what was read of them.

A wish is no policy: a person of the merchant sees what was read, and its draft takes the road of
every draft (policy_drafts.py). Where some words were not understood there is no plan at all.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.policy import lint, model, wishing
from danshu.capabilities.routing.policy.engine import Compiled
from danshu.capabilities.routing.policy.wish_words import Meaning
from danshu.capabilities.searching.plain import plain
from danshu.capabilities.searching.words import areas, festivals
from danshu.hub import merchants
from danshu.hub.order_skill_facts import PolicyWished
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import WISHES
from danshu.ledger import write
from danshu.ports import registry

if TYPE_CHECKING:
    from danshu.capabilities.routing.policy.model import PolicySet
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = Any
WishState = Literal["not_understood", "understood", "drafted"]
UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
NO_WISH: Final = InputError("no_wish", "there is no such wish")
_INSERT: Final = """
insert into policy_wishes(tenant,id,by,at,words,plan,doc) values(%s,%s,%s,%s,%s,%s,%s)
"""
_COUNT: Final = "select count(*) from policy_wishes where tenant=%s"
_COLUMNS: Final = """
select w.id, w.by, w.at, w.words, w.plan, w.doc,
  (select d.draft from proposed_drafts d where d.tenant=w.tenant and d.wish=w.id
   order by d.at desc limit 1)
from policy_wishes w where w.tenant=%s
"""
_LIST: Final = f"{_COLUMNS} and (%s::uuid is null or w.id < %s) order by w.id desc limit %s"
_READ: Final = f"{_COLUMNS} and w.id=%s"


class WishFinding(Struct, frozen=True, kw_only=True):
    """What the linter says of the plan."""

    severity: Literal["error", "warning"]
    zh: str
    en: str


class WishRead(Struct, frozen=True, kw_only=True):
    """What was read of a wish's words: the plan in one sentence ("" without one), what each part
    was taken to mean, which words were not understood and why.
    """

    zh: str = ""
    en: str = ""
    understood: tuple[Meaning, ...] = ()
    unknown: tuple[str, ...] = ()
    why: tuple[Meaning, ...] = ()
    findings: tuple[WishFinding, ...] = ()


class Wish(Struct, frozen=True, kw_only=True):
    """A wish: its words, who said them (subject of facts) and when (RFC 3339), what was read.

    `plan` is the canonical JSON of the one policy that it asks for, "" without one; `draft` the
    draft that came of it, "" for none.
    """

    id: str
    words: str
    by: str
    at: str
    state: WishState
    told: WishRead
    plan: str
    draft: str


_decode: Final = msgspec.json.Decoder(WishRead).decode


async def state(hub: Hub, tenant: int, words: str, actor: Actor) -> Wish:
    """Read words and keep them. Raises InputError `bad_field` for none, `too_many`."""
    said = words.strip()
    if not said:
        raise InputError("bad_field", "say what the policy is to do", "/words")
    now_ms = hub.clock()
    try:
        world: World | None = await hub.worlds.ensure(tenant)
    except InputError:  # a merchant without a network yet has no names
        world = None
    read = wishing.read(plain(said), _names(world, now_ms))
    findings = lint.check(read.policy) if read.policy else ()
    plan = read.policy.content if read.policy and lint.is_sound(findings) else b""
    told = WishRead(
        zh=read.zh,
        en=read.en,
        understood=read.understood,
        unknown=read.unknown,
        why=read.why,
        findings=tuple([WishFinding(severity=f.severity, zh=f.zh, en=f.en) for f in findings]),
    )
    id_ = ids.uuid7(now_ms, os.urandom(10))
    row = (tenant, id_, actor.sub, write.instant(now_ms * 1000), said, plan)
    async with hub.connection() as connection, connection.transaction():
        count = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if count and count[0] >= WISHES:
            raise InputError("too_many", f"at most {WISHES} wishes")
        await connection.execute(_INSERT, (*row, msgspec.json.encode(told)))
        fact = PolicyWished(
            plan=hashlib.sha256(plan).hexdigest() if plan else "",
            wish=str(id_),
            words=hashlib.sha256(said.encode()).hexdigest(),
        )
        await merchants.say(connection, tenant, actor, fact)
        return await read_one(connection, tenant, str(id_))


async def read_one(connection: Connection, tenant: int, id_: str) -> Wish:
    """Read a wish. Raises InputError `no_wish`."""
    try:
        key = uuid.UUID(id_)
    except ValueError:
        raise NO_WISH from None
    row = await (await connection.execute(_READ, (tenant, key))).fetchone()
    if row is None:
        raise NO_WISH
    return _of(row)


async def list_wishes(connection: Connection, tenant: int, before: str, limit: int) -> list[Wish]:
    """List wishes, the newest first, those before one ("" = all). Raises InputError."""
    try:
        key = uuid.UUID(before) if before else None
    except ValueError:
        raise InputError("bad_cursor", "the cursor is not one of ours") from None
    rows = await connection.execute(_LIST, (tenant, key, key, limit))
    return [_of(row) for row in await rows.fetchall()]


def _of(row: tuple[Any, ...]) -> Wish:
    id_, by, at, words, plan, doc, draft = row
    return Wish(
        id=str(id_),
        words=words,
        by=by,
        at=rfc3339(round(at.timestamp() * 1000)),
        state="drafted" if draft else "understood" if plan else "not_understood",
        told=_decode(bytes(doc)),
        plan=bytes(plan).decode(),
        draft=str(draft) if draft else "",
    )


def join(live: PolicySet, plan: PolicySet) -> tuple[PolicySet, int]:
    """Give the live set with the plan behind it, and how many of its cases have an effect more.

    A case of the live set that comes out as before, and with what the new graph says besides, is
    brought up to date; one that comes out otherwise stays as it is, and the linter names it.
    """
    codes = {graph.code for graph in plan.graphs}
    kept = tuple(graph for graph in live.graphs if graph.code not in codes)
    titles = {case.name for case in plan.cases}
    cases = tuple(case for case in live.cases if case.name not in titles)
    whole = replace(live, graphs=(*kept, *plan.graphs), cases=cases)
    compiled = Compiled(whole)
    moved, more = [], 0
    for case in (*cases, *plan.cases):
        said, _ = compiled.ask(lint.context_of(case, live.kind))
        come = tuple((one.effect, one.where) for one in said)
        is_more = come != case.expect and (
            come[: len(case.expect)] == case.expect
            or come[-len(case.expect) or len(come) :] == case.expect
        )
        if is_more:
            more += case in cases
            case = replace(case, expect=come)
        moved.append(case)
    return replace(whole, cases=tuple(moved)), more


def read_plan(wish: Wish) -> PolicySet:
    """Give the plan of a wish. Raises InputError `not_understood` where there is none."""
    if not wish.plan:
        raise InputError("not_understood", "some words of this wish were not understood")
    return model.read(wish.plan.encode())


def _names(world: World | None, now_ms: int) -> wishing.Known:
    """Give what words may name at this merchant."""
    today = datetime.datetime.fromtimestamp(now_ms / 1000, UTC8).date()
    spans = []
    for feast in festivals():
        coming = [s for y in (today.year, today.year + 1) for s in feast.spans(y) if s[1] >= today]
        if coming:
            first, last = (int(d.strftime("%Y%m%d")) for d in min(coming))
            spans += [(plain(word), (first, last)) for word in feast.words]
    channels = [(plain(name), name) for name in registry.names("channel")]
    channels += [(plain(zh), code) for zh, code in CHANNELS if code in registry.names("channel")]
    if world is None:
        return wishing.Known(channels=tuple(channels), spans=tuple(spans))
    return wishing.Known(
        places=_places(world),
        warehouses=_warehouses(world),
        channels=tuple(channels),
        spans=tuple(spans),
    )


CHANNELS: Final = (
    ("淘宝", "taobao"), ("天猫", "taobao"), ("京东", "jd"), ("拼多多", "pdd"), ("抖音", "douyin"),
    ("亚马逊", "amazon"), ("微信小程序", "wechat-miniprogram"),
)  # fmt: skip
"""What people call channels; a name counts where its channel is plugged in."""


def _places(world: World) -> tuple[tuple[str, tuple[str, ...]], ...]:
    held: dict[str, str] = {}
    for code, (province, _) in world.places.items():
        if code.isdigit() and province:
            held[code[:2]] = province
    found: list[tuple[str, tuple[str, ...]]] = []
    for digits, name in sorted(held.items()):
        short = name.removesuffix("省").removesuffix("市")
        found += [(plain(n), (f"{digits}0000",)) for n in dict.fromkeys((name, short))]
    for area in areas().areas:
        codes = tuple([f"{d}0000" for d in area.provinces if d in held])
        found += [(plain(n), codes) for n in (area.zh, area.en, *area.words) if codes]
    return tuple(found)


def _warehouses(world: World) -> tuple[tuple[str, str], ...]:
    """Give warehouses by code, name, and by their place where it has one only."""
    found, by_place = [], dict[str, list[str]]()
    for each in world.warehouses:
        found += [(plain(each.code), each.code), (plain(each.name), each.code)]
        province, own = world.places.get(each.region, ("", ""))
        for name in {province, own} - {""}:
            short = name.removesuffix("省").removesuffix("市")
            by_place.setdefault(short, []).append(each.code)
    for short, codes in sorted(by_place.items()):
        if len(codes) == 1:
            found.append((plain(f"{short}仓"), codes[0]))
    return tuple(found)
