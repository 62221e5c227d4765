"""Asking a far side: a call is a row of the outbox `connector_calls`, put there in the commit that
needs it; the room `connectors` asks, and the answer is acted on in the commit that records it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.kernel import ids
from danshu.kernel.errors import ProgramError
from danshu.kernel.limits import CALL_BODY_BYTES, CALL_KEY_CHARS
from danshu.ledger import write
from danshu.ports.connector import Reply

if TYPE_CHECKING:
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
_ASK: Final = """
insert into connector_calls(tenant,id,capability,operation,purpose,key,subject,body,context,
  warehouse,channel,trial,connector,asked,next_try)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,key) do nothing
returning id
"""
_KNOWN: Final = "select id from connector_calls where tenant=%s and key=%s"


class Context(Struct, frozen=True, kw_only=True):
    """What a call is for. `purpose` names whoever is told of the answer ("" for nobody) and `data`
    is given back to it; `warehouse` and `channel` are what routes look at. `connector` fixes by
    which one it is asked (the undoing of a call goes where the call went); a `trial` goes to the
    far side's sandbox and nobody is told.
    """

    purpose: str = ""
    data: bytes = b""
    warehouse: str = ""
    channel: str = ""
    connector: uuid.UUID | None = None
    trial: bool = False


PLAIN: Final = Context()


class Told(Struct, frozen=True, kw_only=True):
    """The answer to a call, as whoever asked is told of it, once, when it is final.

    `reply.verdict` is done or refused; a call that nobody could make sense of is held for a person
    and told of only when that person ends it.
    """

    tenant: int
    id: uuid.UUID
    capability: str
    operation: str
    key: str
    subject: str
    connector: uuid.UUID | None
    data: bytes
    reply: Reply
    at_ms: int


def far_side(told: Told) -> str:
    """Name who answered, as the subject of facts."""
    return f"{told.capability}/{told.connector}" if told.connector else told.capability


Hearer = Callable[[Connection, "Worlds", Told], Awaitable[None]]
"""Acts on an answer in the transaction that records it; what it raises takes the answer back, and
it is heard again. GuardFailed and NotAvailable are such; they may come at any time."""
_HEARERS: Final[dict[str, Hearer]] = {}


async def ask(
    connection: Connection,
    tenant: int,
    *,
    capability: str,
    operation: str,
    key: str,
    subject: str,
    body: bytes,
    at_ms: int,
    context: Context = PLAIN,
) -> uuid.UUID:
    """Put a call into the outbox in the caller's transaction; gives its id.

    `body` is the JSON of what the operation asks, `subject` the order or other stream that it is
    about. A key that is known gives the call that has it. Raises ProgramError beyond the limits.
    """
    if not 0 < len(key) <= CALL_KEY_CHARS or len(body) > CALL_BODY_BYTES:
        raise ProgramError(f"a call of {len(body)} bytes under a key of {len(key)} characters")
    id_ = ids.uuid7(at_ms, os.urandom(10))
    at = write.instant(at_ms * 1000)
    row = (
        *(tenant, id_, capability, operation, context.purpose, key, subject, body, context.data),
        *(context.warehouse, context.channel, context.trial, context.connector, at, at),
    )
    found = await (await connection.execute(_ASK, row)).fetchone()
    if found is None:
        found = await (await connection.execute(_KNOWN, (tenant, key))).fetchone()
        assert found is not None
    known: uuid.UUID = found[0]
    return known


def on_reply(purpose: str, hearer: Hearer) -> None:
    """Have the answers to calls of a purpose told to `hearer`, in the commit that records them.

    Say so where the module is imported: the room's process must have it.
    """
    if _HEARERS.setdefault(purpose, hearer) is not hearer:
        raise ProgramError(f"two hear the answers of {purpose!r}")


Filler = Callable[[Connection, int, str, bytes], Awaitable[bytes]]
"""Gives the body that is handed over: tenant, subject, the body that stands in the outbox."""
_FILLERS: Final[dict[str, Filler]] = {}


def on_ask(purpose: str, filler: Filler) -> None:
    """Have the bodies of a purpose's calls filled in each time they are handed over, so that what
    may have to be erased does not stand in the outbox.
    """
    if _FILLERS.setdefault(purpose, filler) is not filler:
        raise ProgramError(f"two fill in what is asked for {purpose!r}")


async def fill(
    connection: Connection, tenant: int, purpose: str, subject: str, body: bytes
) -> bytes:
    """Give the body of a call as it is handed over."""
    filler = _FILLERS.get(purpose)
    return body if filler is None else await filler(connection, tenant, subject, body)


def hearer_of(purpose: str) -> Hearer | None:
    """Give who is told of the answers of a purpose."""
    return _HEARERS.get(purpose)
