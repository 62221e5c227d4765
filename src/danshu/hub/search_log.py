"""Questions that found no answer, for stewards to see what is missing. No person is kept, and what
looks like personal data is scrubbed first.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from danshu.capabilities.classification.scrubbing import scrub
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import QUESTION_CHARS, UNANSWERED

Connection = Any
_KEEP: Final = """
insert into catalogue_questions as q (tenant,question,asked,verdict,last)
values(%s,%s,1,%s,now())
on conflict (tenant,question) do update set asked=q.asked+1, verdict=excluded.verdict, last=now()
"""
_TRIM: Final = """
delete from catalogue_questions where tenant=%s and question in (
  select question from catalogue_questions where tenant=%s order by last desc offset %s)
"""
_LIST: Final = """
select question, asked, verdict, (extract(epoch from last)*1000)::int8 from catalogue_questions
where tenant=%s order by asked desc, last desc, question limit %s
"""
_DROP: Final = "delete from catalogue_questions where tenant=%s and question=%s"


class Unanswered(Struct, frozen=True, kw_only=True):
    """A question as it was asked, how often, what became of it (`unknown`, `ambiguous`)."""

    question: str
    asked: int
    verdict: str
    last: str


async def keep(connection: Connection, tenant: int, question: str, verdict: str) -> None:
    """Keep a question that found no number."""
    text = scrub(question.strip()[:QUESTION_CHARS]).text
    if not text:
        return
    await connection.execute(_KEEP, (tenant, text, verdict))
    await connection.execute(_TRIM, (tenant, tenant, UNANSWERED))


async def listed(connection: Connection, tenant: int, limit: int) -> tuple[Unanswered, ...]:
    """List them, what was asked most first."""
    rows = await (await connection.execute(_LIST, (tenant, limit))).fetchall()
    return tuple(
        [Unanswered(question=q, asked=n, verdict=v, last=rfc3339(at)) for q, n, v, at in rows]
    )


async def drop(connection: Connection, tenant: int, question: str) -> None:
    """Forget a question that has been seen to."""
    await connection.execute(_DROP, (tenant, question))
