"""What a reviewer sees: the queue, one original beside its fields, how far trust has come."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.intake import calibration, sandbox
from danshu.hub import original_reviews, original_rows, originals, sandbox_settings
from danshu.hub import sandbox as counters
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import SECOND_WAITS_DAYS
from danshu.ports.modality import Candidate, Draft, Field, Parsed, Question, Span
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = Any
_WAITING: Final = f"""
select q.turn, o.id, o.received, o.modality, o.name, o.intent, o.amount_fen, o.reasons,
  o.device, o.device_class, coalesce(o.draft,'{{}}'::jsonb), coalesce(c.person,''),
  coalesce(p.number, c.person, ''), coalesce(who.name,''), coalesce(shop.name,''), o.source
from (select 1 as turn, id from originals where tenant=%(tenant)s and state='review'
  union all
  select 2, original from original_reviews where tenant=%(tenant)s and again
  and at > now() - interval '{SECOND_WAITS_DAYS} days' and person<>%(person)s) q
join originals o on o.tenant=%(tenant)s and o.id=q.id
left join review_claims c on c.tenant=o.tenant and c.original=o.id and c.until > now()
left join people p on p.tenant=o.tenant and 'person:' || p.id = c.person
left join directory who on who.tenant=o.tenant and who.kind='customer'
  and who.code=coalesce(nullif(o.draft->>'customer',''), o.source->>'customer')
left join directory shop on shop.tenant=o.tenant and shop.kind='store'
  and shop.code=coalesce(nullif(o.draft->>'store',''), o.source->>'store')
where (%(modality)s='' or o.modality=%(modality)s)
and (q.turn, o.received, o.id) > (%(turn)s, %(received)s, %(after)s)
order by q.turn, o.received, o.id limit %(limit)s
"""
_COUNTS: Final = f"""
select modality, sum(n)::int4, min(oldest) from (
  select modality, count(*) as n, min(received) as oldest from originals
  where tenant=%(tenant)s and state='review' group by 1
  union all
  select modality, count(*), null from original_reviews where tenant=%(tenant)s and again
  and at > now() - interval '{SECOND_WAITS_DAYS} days' and person<>%(person)s group by 1) w
group by 1 order by 1
"""
_PACE: Final = """
select count(*), coalesce((percentile_cont(0.5) within group (order by took_ms)
  filter (where took_ms>0))::int8, 0)
from original_reviews where tenant=%s and at > now() - interval '1 hour'
"""
_CLAIMED: Final = """
select c.person, coalesce(p.number, c.person), c.until from review_claims c
left join people p on p.tenant=c.tenant and 'person:' || p.id = c.person
where c.tenant=%s and c.original=%s and c.until > now()
"""
BEGINNING: Final = (0, datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), uuid.UUID(int=0))


class ReviewWaiting(Struct, frozen=True, kw_only=True):
    """An original in the queue. `turn` 2: it was confirmed, and another person's look is wanted.

    `who` and `store` are names of the directory; `lines` how many; `holder` who looks at it now
    ("" = nobody), `mine` whether that is the caller.
    """

    id: uuid.UUID
    turn: int
    modality: str
    name: str
    intent: str
    who: str
    store: str
    device: str
    lines: int
    amount_fen: int
    reasons: tuple[str, ...]
    received: str
    holder: str
    mine: bool


class ModalityCount(Struct, frozen=True, kw_only=True):
    """How many of a modality wait, and since when the oldest does ("" = only second reviews)."""

    modality: str
    count: int
    oldest: str


class ReviewPace(Struct, frozen=True, kw_only=True):
    """Reviews of the last hour and how long half of them took at most."""

    done: int
    took_ms: int


class FieldShown(Struct, frozen=True, kw_only=True):
    """A field as it was read. `raw` is the confidence that the plug-in said, `worth` what reviews
    make of it, `low` its lower bound at 95 %, all in thousandths; `seen` the reviews behind it, 0 =
    too few, and `worth` is `raw`.
    """

    path: str
    value: str
    said: str
    spans: tuple[Span, ...]
    candidates: tuple[Candidate, ...]
    reason: str
    rule: str
    raw: int
    worth: int
    low: int
    seen: int


class CounterShown(Struct, frozen=True, kw_only=True):
    """A counter beside what the merchant demands: `needed` reviews in a row, `accepted` so far, the
    bound on the error in ppm; `since` of the last change of stage, "" = nothing was counted.
    """

    key: str
    modality: str
    version: str
    models: tuple[str, ...]
    device_class: str
    stage: str
    accepted: int
    needed: int
    bound_ppm: int
    error_ppm: int
    reviewed: int
    corrected: int
    resets: int
    why: str
    since: str
    sample: int
    calibrated: bool


class Review(Struct, frozen=True, kw_only=True):
    """An original beside how it was read. `draft` is what would be ordered, `text` what was heard
    or seen, `perceptions` what services told of it, `reasons` why it does not go by itself,
    `limit_fen` the money above which nothing does. `open`: the caller may decide on it.
    """

    id: uuid.UUID
    turn: int
    state: str
    open: bool
    modality: str
    version: str
    models: tuple[str, ...]
    media_type: str
    name: str
    digest: str
    size: int
    source: dict[str, str]
    received: str
    intent: str
    draft: Draft
    fields: tuple[FieldShown, ...]
    questions: tuple[Question, ...]
    text: str
    perceptions: tuple[Perception, ...]
    troubles: tuple[str, ...]
    reasons: tuple[str, ...]
    raw: int
    worth: int
    low: int
    seen: int
    amount_fen: int
    limit_fen: int
    counter: CounterShown
    holder: str
    mine: bool
    until: str
    order: str
    repair: str


async def list_waiting(
    connection: Connection,
    tenant: int,
    actor: Actor,
    modality: str,
    after: tuple[int, datetime.datetime, uuid.UUID],
    limit: int,
) -> list[tuple[ReviewWaiting, datetime.datetime]]:
    """List what waits with when it came in, the oldest first and second reviews behind, after a
    place.
    """
    told = {
        "tenant": tenant, "person": actor.sub, "modality": modality, "limit": limit,
        "turn": after[0], "received": after[1], "after": after[2],
    }  # fmt: skip
    rows = await (await connection.execute(_WAITING, told)).fetchall()
    return [(_waiting(r, actor), r[2]) for r in rows]


def _waiting(r: Any, actor: Actor) -> ReviewWaiting:
    return ReviewWaiting(
        id=r[1],
        turn=r[0],
        modality=r[3],
        name=r[4],
        intent=r[5],
        who=r[13],
        store=r[14],
        device=r[8],
        lines=len(r[10].get("lines", ())) or len((r[10].get("repair") or {}).get("parts", ())),
        amount_fen=r[6],
        reasons=tuple(r[7]),
        received=_at(r[2]),
        holder=r[12],
        mine=r[11] == actor.sub,
    )


async def count_waiting(connection: Connection, tenant: int, actor: Actor) -> list[ModalityCount]:
    """Count what waits, by modality."""
    told = {"tenant": tenant, "person": actor.sub}
    rows = await (await connection.execute(_COUNTS, told)).fetchall()
    return [ModalityCount(modality=r[0], count=r[1], oldest=_at(r[2])) for r in rows]


async def read_pace(connection: Connection, tenant: int) -> ReviewPace:
    """Read how fast reviews went in the last hour."""
    row = await (await connection.execute(_PACE, (tenant,))).fetchone()
    return ReviewPace(done=row[0], took_ms=row[1])


async def read(connection: Connection, tenant: int, id_: uuid.UUID, actor: Actor) -> Review:
    """Read an original as a reviewer sees it. A second review is blind: it shows what was read, not
    what the first person made of it. Raises InputError `no_original`.
    """
    row = await original_rows.find(connection, tenant, id_)
    parsed = await original_rows.read_parsed(connection, tenant, id_)
    waits = await original_reviews.is_waiting(connection, tenant, row, actor)
    second = waits and row.state not in originals.OPEN
    limits = await sandbox_settings.read(connection, tenant, row.modality)
    key = counters.key_of(row, parsed) if parsed is not None else sandbox.Key(
        modality=row.modality, version=row.version
    )  # fmt: skip
    kept = await counters.read(connection, tenant, sandbox.name(key))
    worth = kept.worth if kept else counters.Worth()
    whole = calibration.weigh(worth.whole, parsed.confidence if parsed else 0)
    claimed = await (await connection.execute(_CLAIMED, (tenant, id_))).fetchone()
    draft = parsed.draft if parsed and (second or row.draft is None) else row.draft
    return Review(
        id=id_,
        turn=2 if second else 1,
        state=row.state,
        open=waits,
        modality=row.modality,
        version=row.version,
        models=row.models,
        media_type=row.media_type,
        name=row.name,
        digest=row.digest,
        size=row.size,
        source=dict(row.source),
        received=rfc3339(row.received_ms),
        intent=row.intent,
        draft=draft or Draft(),
        fields=_fields(parsed, worth),
        questions=parsed.questions if parsed else (),
        text=parsed.text if parsed else "",
        perceptions=parsed.perceptions if parsed else (),
        troubles=row.troubles,
        reasons=row.reasons,
        raw=parsed.confidence if parsed else 0,
        worth=whole.value,
        low=whole.low,
        seen=whole.seen,
        amount_fen=row.amount_fen,
        limit_fen=limits.amount_fen,
        counter=show_counter(sandbox.name(key), key, kept, limits),
        holder=claimed[1] if claimed else "",
        mine=bool(claimed) and claimed[0] == actor.sub,
        until=_at(claimed[2]) if claimed else "",
        order=str(row.order or "") if not second else "",
        repair=str(row.repair or "") if not second else "",
    )


def show_counter(
    name: str, key: sandbox.Key, kept: counters.Kept | None, limits: sandbox.Limits
) -> CounterShown:
    """Show a counter beside what is demanded of it."""
    counter = kept.counter if kept else sandbox.Counter()
    return CounterShown(
        key=name,
        modality=key.modality,
        version=key.version,
        models=key.models,
        device_class=key.device_class,
        stage=counter.stage if counter.accepted >= sandbox.needed(limits) else "review",
        accepted=counter.accepted,
        needed=sandbox.needed(limits),
        bound_ppm=sandbox.bound_ppm(counter.accepted),
        error_ppm=limits.error_ppm,
        reviewed=counter.reviewed,
        corrected=counter.corrected,
        resets=counter.resets,
        why=counter.why,
        since=rfc3339(kept.since) if kept else "",
        sample=limits.sample,
        calibrated=bool(kept and kept.worth.whole),
    )


def _fields(parsed: Parsed | None, worth: counters.Worth) -> tuple[FieldShown, ...]:
    return (
        tuple([_field(f, calibration.weigh(worth.field, f.confidence)) for f in parsed.fields])
        if parsed
        else ()
    )


def _field(field: Field, worth: calibration.Worth) -> FieldShown:
    return FieldShown(
        path=field.path,
        value=field.value,
        said=field.said,
        spans=field.spans,
        candidates=field.candidates,
        reason=field.reason,
        rule=field.rule,
        raw=field.confidence,
        worth=worth.value,
        low=worth.low,
        seen=worth.seen,
    )


def _at(moment: Any) -> str:
    return rfc3339(round(moment.timestamp() * 1000)) if moment else ""
