"""Weekly reviews 周会: written from the log, kept as versions by digest, proven again, and what
people say and decide about their sentences.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.coe import decide, facts, review, weeks
from danshu.capabilities.coe.model import BacklogItem, BookEnd, ItemPlan, WeeklyReview
from danshu.capabilities.coe.weekly import CoeReviewBody, Decided
from danshu.hub import (
    asset_pieces,
    assets,
    coe_decisions,
    coe_risks,
    coe_rows,
    coe_week,
    metric_book,
)
from danshu.hub.asset_files import of_tenant
from danshu.hub.asset_views import reading
from danshu.hub.coe_rows import BACKLOG, REVIEWS
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import COE_NOTES, COE_TITLE_CHARS, COE_VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_ADD: Final = """
insert into weekly_review_versions(tenant,id,version,digest,body) values (%s,%s,%s,%s,%s)
"""
_BODY: Final = """
select body from weekly_review_versions where tenant=%s and id=%s and version=%s
"""
_LAST: Final = uuid.UUID(int=(1 << 128) - 1)
TOO_EARLY: Final = InputError("too_early", "these days have not begun yet", "/week")
_decode: Final = msgspec.json.Decoder(CoeReviewBody).decode


class ReviewProven(Struct, frozen=True, kw_only=True):
    """A kept version beside the same days worked out again from the log."""

    review: WeeklyReview
    digest: str
    is_same: bool


def encode(body: CoeReviewBody) -> bytes:
    """Give the bytes of a review, by which it is known."""
    return canonical.encode(msgspec.to_builtins(body))


async def make(hub: Hub, tenant: int, week: str, actor: Actor) -> WeeklyReview:
    """Write the review of these days as they are known now, as a new version with its fact; where
    nothing has changed but the moment, the version that is there stays.

    Raises InputError `bad_week`, `too_early`, `too_many`.
    """
    since_ms, _ = weeks.bounds(week)
    now_ms = hub.clock()
    if since_ms > now_ms:
        raise TOO_EARLY
    async with hub.connection() as connection:
        body = await write(connection, tenant, week, now_ms)
        return await keep(connection, tenant, body, actor, now_ms)


async def write(
    connection: Connection,
    tenant: int,
    week: str,
    as_of_ms: int,
    positions: Mapping[str, int] | None = None,
) -> CoeReviewBody:
    """Work a review out, on a connection in autocommit. `positions` says how far each book is
    read; None: as far as it goes.
    """
    folder = of_tenant(assets.place(), tenant)
    grown = await asset_pieces.follow(connection, tenant, folder)
    ends = dict(positions if positions is not None else grown.index.ends)
    since_ms, until_ms = weeks.bounds(week)
    found = await coe_decisions.read(connection, tenant, since_ms, until_ms, as_of_ms)
    asked = coe_week.Asked(
        week=week,
        since_ms=since_ms,
        until_ms=until_ms,
        as_of_ms=as_of_ms,
        positions=ends,
        held=await metric_book.read_at(connection, tenant, as_of_ms),
        goals=await coe_decisions.read_goals(connection, tenant, as_of_ms),
        moments=tuple(moment for _, moment in found.decided if moment),
    )
    told = await reading(lambda: coe_week.read(assets.place(), tenant, asked))
    since = iter(told.since)
    decided = [replace(d, split=next(since)) if moment else d for d, moment in found.decided]
    week_of = replace(
        told.week,
        decided=(*_by_hand(told), *decided),
        happened=found.happened,
        ahead=() if positions is not None else await coe_risks.read(connection, tenant, as_of_ms),
    )
    return review.compose(week_of)


def _by_hand(told: coe_week.Read) -> list[Decided]:
    """Give the overrides of the week as one decision, where there are any."""
    times, extra_fen, order = told.overridden
    if not times:
        return []
    return [
        Decided(
            kind="override",
            ref=order,
            zh=f"人工改仓 {times} 次",
            en=f"{times} orders sent elsewhere by a person",
            worth_fen=-extra_fen,
            measured_zh="按预计成本，与路由的首选相比",
            measured_en="by expected cost, against the router's first choice",
        )
    ]


async def keep(
    connection: Connection, tenant: int, body: CoeReviewBody, actor: Actor, now_ms: int
) -> WeeklyReview:
    """Keep a version with its fact. Raises InputError `too_many`."""
    before = await coe_rows.find_week(connection, tenant, body.week)
    if before is not None:
        if _same(await read_body(connection, tenant, before), body):
            return before
        if before.version >= COE_VERSIONS:
            raise InputError("too_many", f"at most {COE_VERSIONS} versions of a review")
    data = encode(body)
    digest = hashlib.sha256(data).digest()
    id_ = before.id if before else ids.uuid7(now_ms, os.urandom(10))
    version = before.version + 1 if before else 1
    said = facts.WeeklyReviewMade(
        as_of=rfc3339(body.as_of_ms),
        digest=digest.hex(),
        positions=tuple(BookEnd(half=h, size=n) for h, n in sorted(body.positions.items())),
        version=version,
        week=body.week,
    )
    async with connection.transaction():
        if before is None:
            kept = await coe_rows.add(connection, REVIEWS, tenant, id_, said, actor, now_ms)
        else:
            kept = await coe_rows.change(
                connection, REVIEWS, tenant, id_, actor, now_ms, lambda _: said
            )
        await connection.execute(_ADD, (tenant, id_, version, digest, data))
    made: WeeklyReview = kept
    return made


def _same(one: CoeReviewBody, two: CoeReviewBody) -> bool:
    """Tell whether reviews say the same: how long books were and the moment aside."""
    return one == replace(two, as_of_ms=one.as_of_ms, positions=one.positions)


async def read_body(
    connection: Connection, tenant: int, one: WeeklyReview, version: int = 0
) -> CoeReviewBody:
    """Read what a version says, the newest for 0. Raises InputError `no_review`."""
    told = (tenant, one.id, version or one.version)
    row = await (await connection.execute(_BODY, told)).fetchone()
    if row is None:
        raise REVIEWS.missing
    return _decode(bytes(row[0]))


async def find(connection: Connection, tenant: int, week: str) -> WeeklyReview:
    """Find the review of these days, "" the newest. Raises InputError `no_review`, `bad_week`."""
    if not week:
        found = await coe_rows.list_rows(connection, REVIEWS, tenant, _LAST, 1)
        if not found:
            raise REVIEWS.missing
        newest: WeeklyReview = found[0]
        return newest
    weeks.bounds(week)
    one = await coe_rows.find_week(connection, tenant, week)
    if one is None:
        raise REVIEWS.missing
    return one


async def prove(hub: Hub, tenant: int, one: WeeklyReview) -> ReviewProven:
    """Work a kept review out again and compare. What lay ahead then was read from models as they
    were: that section is taken as it was kept.
    """
    async with hub.connection() as connection:
        kept = await read_body(connection, tenant, one)
        again = await write(connection, tenant, one.week, kept.as_of_ms, kept.positions)
    risks = {s.code: s for s in kept.sections}["risks"]
    sections = tuple(risks if s.code == "risks" else s for s in again.sections)
    digest = hashlib.sha256(encode(replace(again, sections=sections))).hexdigest()
    return ReviewProven(review=one, digest=digest, is_same=digest == one.digest)


async def note(
    hub: Hub, tenant: int, week: str, key: str, text: str, actor: Actor
) -> WeeklyReview | Refusal:
    """Say something of a sentence. Raises InputError `no_review`, `too_many`."""
    async with hub.connection() as connection:
        one = await find(connection, tenant, week)
        body = await read_body(connection, tenant, one)
        keys = [s.key for part in body.sections for s in part.sentences]

        def say(now: WeeklyReview) -> facts.WeeklyReviewNoted | Refusal:
            if len(now.notes) >= COE_NOTES:
                raise InputError("too_many", f"at most {COE_NOTES} notes of a review")
            return decide.note_review(keys, key, text)

        done: WeeklyReview | Refusal = await coe_rows.change(
            connection, REVIEWS, tenant, one.id, actor, hub.clock(), say
        )
        return done


async def settle(
    hub: Hub, tenant: int, week: str, key: str, plan: ItemPlan | None, text: str, actor: Actor
) -> tuple[WeeklyReview, BacklogItem | None] | Refusal:
    """Take a sentence up as an item of the backlog (`plan`; its title "" is the sentence), or
    decline it. Raises InputError `no_review`, `too_many`.
    """
    now_ms = hub.clock()
    async with hub.connection() as connection:
        one = await find(connection, tenant, week)
        body = await read_body(connection, tenant, one)
        id_ = ids.uuid7(now_ms, os.urandom(10))
        item: BacklogItem | None = None
        async with connection.transaction():
            done = await coe_rows.change(
                connection,
                REVIEWS,
                tenant,
                one.id,
                actor,
                now_ms,
                lambda now: decide.settle_sentence(
                    now, review.keys(body), key, str(id_) if plan else "", text
                ),
            )
            if isinstance(done, Refusal):
                return done
            if plan is not None:
                sentence = review.find_sentence(body, key)
                assert sentence is not None  # it is among the keys
                told = replace(
                    plan,
                    title=plan.title or sentence.zh[:COE_TITLE_CHARS],
                    origin="review",
                    ref=f"{one.week}/{key}",
                )
                said = facts.BacklogAdded(plan=told)
                item = await coe_rows.add(connection, BACKLOG, tenant, id_, said, actor, now_ms)
        return done, item
