"""What a review brings about, in the commit that confirms or rejects: it is kept, it teaches, it is
counted.

An error is a value that was read and is not right. What the plug-in itself had asked about is none:
that it asked was right; but such a reading proves no trust either and counts nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.intake import corrections, sandbox
from danshu.capabilities.intake.corrections import LOOKED_UP, Correction
from danshu.capabilities.intake.folding import fold
from danshu.hub import merchants, names, original_rows, sandbox_settings, training
from danshu.hub import sandbox as counters
from danshu.hub.sandbox_facts import ReviewDone
from danshu.kernel.errors import InputError
from danshu.kernel.limits import REVIEW_FIELDS, REVIEW_TOOK_MS, TEXT_CHARS
from danshu.ports.modality import Draft, Intent, Parsed

if TYPE_CHECKING:
    import uuid

    import psycopg

    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Field

    Connection = psycopg.AsyncConnection[Any]

MISREAD: Final = frozenset({"not_an_order", "wrongly_read"})
"""Rejections that say that it was read wrongly; others are the sender's, and count nothing."""
UNREAD: Final = Parsed(intent=Intent.NONE, draft=Draft(), fields=(), confidence=0)
CHOSEN_BELOW: Final = 900
"""A value below this, in thousandths, that a person let stand is one that they chose."""
_TOOK: Final = """
delete from review_claims where tenant=%s and original=%s
returning person, (extract(epoch from now()-began)*1000)::int8
"""
_PUT: Final = """
insert into original_reviews(tenant,original,turn,person,took_ms,verdict,why,key,modality,
  confidence,was_right,corrections,draft,again)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_FIRST: Final = """
select key, was_right, again, person from original_reviews
where tenant=%s and original=%s and turn=1 for update
"""
_SECONDED: Final = (
    "update original_reviews set again=false where tenant=%s and original=%s and turn=1"
)
_CALLED: Final = """
select 1 from skus where tenant=%(tenant)s and name=%(said)s and code<>%(code)s
union all select 1 from options where tenant=%(tenant)s and name=%(said)s and code<>%(code)s
union all select 1 from directory where tenant=%(tenant)s and name=%(said)s and code<>%(code)s
limit 1
"""


class Settled(Struct, frozen=True, kw_only=True):
    """What a review found: `was_right` None = it proves nothing either way."""

    changes: tuple[Correction, ...]
    was_right: bool | None


def weigh(parsed: Parsed, draft: Draft) -> Settled:
    """Compare a confirmed draft with how it was read."""
    changes = corrections.compare(parsed.draft, draft)
    asked = {q.path for q in parsed.questions if q.path}
    wrong = [c for c in changes if not any(_within(c.path, path) for path in asked)]
    if wrong:
        return Settled(changes=changes, was_right=False)
    return Settled(changes=changes, was_right=None if parsed.questions or changes else True)


def _within(path: str, of: str) -> bool:
    return path == of or path.startswith(f"{of}/")


async def settle(
    connection: Connection,
    tenant: int,
    row: Row,
    draft: Draft | None,
    actor: Actor,
    why: str = "",
) -> None:
    """Settle the review of an original in the caller's transaction, which holds its row locked.

    `draft` is what was confirmed; None = it was rejected, for the code `why`.
    """
    if row.state != "review":
        return  # who sent it answered a question, or took it back: nobody reviewed it
    parsed = await original_rows.read_parsed(connection, tenant, row.id) or UNREAD
    found = weigh(parsed, draft) if draft is not None else _reject(why)
    if parsed is UNREAD:  # there is nothing that could have been right
        found = Settled(changes=(), was_right=None)
    key = counters.key_of(row, parsed)
    name = sandbox.name(key)
    limits = await sandbox_settings.read(connection, tenant, row.modality)
    again = draft is not None and sandbox.draw(f"again/{name}", row.digest) < limits.second
    took_ms = await _end_claim(connection, tenant, row.id, actor.sub)
    verdict = "rejected" if draft is None else "confirmed"
    taught = 0
    await connection.execute(
        _PUT,
        (
            tenant, row.id, 1, actor.sub, took_ms, verdict, why, name, row.modality,
            parsed.confidence, found.was_right, *_told(found, draft), again,
        ),
    )  # fmt: skip
    if draft is not None:
        await training.keep(connection, tenant, row, name, parsed, draft)
        taught = await _teach(connection, tenant, parsed, draft, actor)
    standing = None
    if found.was_right is not None:
        standing = await counters.count(
            connection, tenant, key, not found.was_right, actor, str(row.id)
        )
    said = ReviewDone(
        changed=tuple([c.path for c in found.changes]),
        confidence=parsed.confidence,
        key=name,
        modality=row.modality,
        original=str(row.id),
        standing=standing,
        taught=taught,
        took_ms=took_ms,
        verdict=verdict,
        why=why,
    )
    await merchants.say(connection, tenant, actor, said)


def _reject(why: str) -> Settled:
    return Settled(changes=(), was_right=False if why in MISREAD else None)


def _told(found: Settled, draft: Draft | None) -> tuple[str, str]:
    return (
        msgspec.json.encode(found.changes).decode(),
        msgspec.json.encode(draft).decode() if draft is not None else "{}",
    )


async def settle_again(
    connection: Connection, tenant: int, row: Row, draft: Draft, actor: Actor
) -> None:
    """Settle another person's review of what was confirmed: nothing is ordered by it.

    Where they find an error that the first did not, trust begins anew: what two people read
    differently was not surely read. Raises InputError `no_review` where none is wanted of them.
    """
    first = await (await connection.execute(_FIRST, (tenant, row.id))).fetchone()
    parsed = await original_rows.read_parsed(connection, tenant, row.id)
    if first is None or parsed is None or not first[2] or first[3] == actor.sub:
        raise InputError("no_review", "no second review of this original is wanted of you")
    found = weigh(parsed, draft)
    took_ms = await _end_claim(connection, tenant, row.id, actor.sub)
    await connection.execute(
        _PUT,
        (
            tenant, row.id, 2, actor.sub, took_ms, "confirmed", "", first[0], row.modality,
            parsed.confidence, None, *_told(found, draft), False,
        ),
    )  # fmt: skip
    await connection.execute(_SECONDED, (tenant, row.id))
    if first[1] and found.was_right is False:
        await counters.reset(connection, tenant, first[0], "disagreed", actor, original=str(row.id))
    said = ReviewDone(
        changed=tuple([c.path for c in found.changes]),
        confidence=parsed.confidence,
        key=first[0],
        modality=row.modality,
        original=str(row.id),
        took_ms=took_ms,
        turn=2,
        verdict="confirmed",
    )
    await merchants.say(connection, tenant, actor, said)


async def _end_claim(connection: Connection, tenant: int, id_: uuid.UUID, person: str) -> int:
    """End the claim; gives how long its holder looked, 0 where another holds it or nobody."""
    row = await (await connection.execute(_TOOK, (tenant, id_))).fetchone()
    return min(max(int(row[1]), 0), REVIEW_TOOK_MS) if row and row[0] == person else 0


def check(draft: Draft) -> None:
    """Refuse a draft that no person writes. Raises InputError with the place."""
    told = corrections.flatten(draft)
    if len(told) > REVIEW_FIELDS:
        raise InputError("too_many", f"at most {REVIEW_FIELDS} values", "/draft")
    for path, value in told.items():
        if "\x00" in value + path or len(value) > TEXT_CHARS:
            raise InputError(
                "bad_text", f"at most {TEXT_CHARS} characters of text", f"/draft{path}"
            )


async def _teach(
    connection: Connection, tenant: int, parsed: Parsed, draft: Draft, actor: Actor
) -> int:
    """Make aliases of what was corrected or chosen, in the words of whose original it is."""
    right = corrections.flatten(draft)
    taught = 0
    for field in parsed.fields:
        code = right.get(field.path, "")
        kind = LOOKED_UP.get(field.path.rsplit("/", 1)[-1])
        if kind is None or not code or not field.said or not _is_chosen(field, code, parsed):
            continue
        scope = "" if kind == "customer" else draft.customer
        if not scope and kind != "customer" and not draft.store:
            continue  # nobody knows whose words they are
        if await _is_another_s(connection, tenant, field, code):
            continue
        try:
            await names.learn_alias(
                connection,
                tenant,
                kind=kind,
                scope=scope,
                alias=field.said,
                code=code,
                actor=actor,
            )
        except InputError:  # who orders is in no directory: their words are kept for nobody
            continue
        taught += 1
    return taught


def _is_chosen(field: Field, code: str, parsed: Parsed) -> bool:
    if code != field.value or any(q.path == field.path for q in parsed.questions):
        return True
    return len(field.candidates) > 1 and field.confidence < CHOSEN_BELOW


async def _is_another_s(connection: Connection, tenant: int, field: Field, code: str) -> bool:
    """Tell whether the words are the very name of something else. Then a model misheard (椰奶 for
    燕麦奶), and what it heard must go on meaning what it means.
    """
    said = fold(field.said)
    if any(c.value != code and fold(c.title) == said for c in field.candidates):
        return True
    told = {"tenant": tenant, "said": field.said, "code": code}
    return await (await connection.execute(_CALLED, told)).fetchone() is not None
