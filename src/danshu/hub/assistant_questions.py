"""What people asked 问单助手 and what it answered, kept ASSISTANT_KEEP_D days."""

from __future__ import annotations

import os
import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.assistant.model import CitedAnswer
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSISTANT_KEEP_D

Connection = psycopg.AsyncConnection[Any]
NO_QUESTION: Final = InputError("no_question", "there is no such question of yours")
_KEEP: Final = (
    "insert into assistant_questions(tenant,id,caller,lang,question,answer)"
    " values(%s,%s,%s,%s,%s,%s)"
)
_OLD: Final = "delete from assistant_questions where tenant=%s and id<%s"
_LIST: Final = (
    "select id,lang,question,answer,useful from assistant_questions"
    " where tenant=%s and caller=%s and id<%s order by id desc limit %s"
)
_RATE: Final = "update assistant_questions set useful=%s where tenant=%s and id=%s and caller=%s"
_FORGET: Final = "delete from assistant_questions where tenant=%s and caller=%s"
_DAY_MS: Final = 86_400_000
_decode = msgspec.json.Decoder(CitedAnswer).decode


class AskedQuestion(Struct, frozen=True, kw_only=True):
    """A question that was asked, and its answer; `useful` is None until the person says so."""

    id: uuid.UUID
    at_ms: int
    lang: str
    question: str
    answer: CitedAnswer
    useful: bool | None = None


async def keep(
    connection: Connection,
    tenant: int,
    caller: str,
    lang: str,
    question: str,
    answer: CitedAnswer,
    now_ms: int,
) -> AskedQuestion:
    """Keep a question with its answer; what is older than ASSISTANT_KEEP_D days goes."""
    id_ = ids.uuid7(now_ms, os.urandom(10))
    body = msgspec.json.encode(answer)
    before = ids.uuid7(now_ms - ASSISTANT_KEEP_D * _DAY_MS, b"\0" * 10)
    async with connection.pipeline():
        await connection.execute(_KEEP, (tenant, id_, caller, lang, question, body))
        await connection.execute(_OLD, (tenant, before))
    return AskedQuestion(id=id_, at_ms=now_ms, lang=lang, question=question, answer=answer)


async def listed(
    connection: Connection, tenant: int, caller: str, before: uuid.UUID, limit: int
) -> list[AskedQuestion]:
    """List a caller's questions, the newest first, those before `before`."""
    rows = await (await connection.execute(_LIST, (tenant, caller, before, limit))).fetchall()
    return [
        AskedQuestion(
            id=r[0],
            at_ms=ids.made_ms(r[0]),
            lang=r[1],
            question=r[2],
            answer=_decode(bytes(r[3])),
            useful=r[4],
        )
        for r in rows
    ]


async def rate(
    connection: Connection, tenant: int, caller: str, id_: uuid.UUID, useful: bool
) -> None:
    """Say whether an answer was of use. Raises InputError `no_question` for another's."""
    done = await connection.execute(_RATE, (useful, tenant, id_, caller))
    if not done.rowcount:
        raise NO_QUESTION


async def forget(connection: Connection, tenant: int, caller: str) -> int:
    """Throw a caller's questions away; gives how many there were."""
    return (await connection.execute(_FORGET, (tenant, caller))).rowcount
