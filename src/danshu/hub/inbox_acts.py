"""What a person does with a message of the inbox: take it once more, let it be, see it unmasked."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import inbox, intake, merchants
from danshu.hub.facts import MessageDismissed, MessageRetried, PersonRevealed
from danshu.hub.requests import Answer
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.ports import registry
from danshu.ports.channel import Account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.requests import Outcome
    from danshu.kernel.fact import Actor
    from danshu.ports.channel import Channel

Connection = psycopg.AsyncConnection[Any]
CLOSED: Final = Refusal(
    code="message_closed",
    reason="这条消息已处理",
    reason_en="The message has been dealt with",
    clause="inbox.state",
)
NOT_RETRYABLE: Final = Refusal(
    code="not_retryable",
    reason="文件里的行不能单独重试,请改文件后再导入",
    reason_en="A row of a file is not taken by itself: mend the file and import it again",
    clause="inbox.channel",
)
_FILES: Final = "table"  # its adapter needs a mapping, which the message does not carry


class Retried(Struct, frozen=True, kw_only=True):
    """What came of taking a message once more; `code` and `detail` say why it was refused."""

    message: uuid.UUID
    state: str
    outcome: str
    code: str
    detail: str
    orders: tuple[uuid.UUID, ...]


def is_retryable(row: inbox.Row) -> bool:
    """Tell whether the message can be taken once more."""
    if row.state != inbox.OPEN or not row.body or row.channel == _FILES:
        return False
    return registry.spell_name(row.channel) in registry.names("channel")


async def retry(
    hub: Hub, tenant: int, id_: uuid.UUID, adapter: Channel, actor: Actor
) -> Retried | Refusal:
    """Take a message once more, as if the platform had sent it again.

    Raises NotAvailable and UnknownOutcome when nothing is known to be written.
    """
    async with hub.connection() as connection:
        row = await inbox.find(connection, tenant, id_)
        found = await merchants.find_account(connection, f"{tenant}.{row.account}")
    if row.state != inbox.OPEN:
        return CLOSED
    if not is_retryable(row):
        return NOT_RETRYABLE
    account = found or Account(
        account=row.account, tenant=tenant, channel=row.channel, shop=row.account
    )
    outcomes: Sequence[Outcome]
    try:
        outcomes = await intake.take(hub, account, adapter, row.body)
    except InputError as error:
        outcomes = [error]
        reason = inbox.UNREADABLE
    else:
        reason = _reason(outcomes)
    bad = next((o for o in outcomes if not isinstance(o, Answer)), None)
    if isinstance(bad, DanshuError) and not isinstance(bad, InputError):
        raise bad
    state = "done" if bad is None else inbox.OPEN if reason == row.reason else "moved"
    code = "" if bad is None else bad.code
    detail = "" if bad is None else bad.reason if isinstance(bad, Refusal) else bad.diagnose()
    orders = tuple(o.order for o in outcomes if isinstance(o, Answer))
    said = MessageRetried(
        channel=row.channel,
        code=code,
        digest=hashlib.sha256(row.body).hexdigest(),
        message=str(id_),
        orders=tuple(map(str, orders)),
        outcome="accepted" if bad is None else "refused",
    )
    async with hub.connection() as connection, connection.transaction():
        if state != inbox.OPEN:
            await inbox.close(connection, tenant, id_, state, code)
        await merchants.say(connection, tenant, actor, said)
    return Retried(
        message=id_,
        state=state,
        outcome=said.outcome,
        code=code,
        detail=detail,
        orders=orders,
    )


def _reason(outcomes: Sequence[Outcome]) -> str:
    """Give the inbox's word for the first outcome that is no answer, "" when all are."""
    for outcome in outcomes:
        if isinstance(outcome, InputError):
            return inbox.REFUSED
        if isinstance(outcome, Refusal):
            is_unknown = outcome.code == inbox.CANCEL_OF_UNKNOWN
            return inbox.CANCEL_OF_UNKNOWN if is_unknown else inbox.CANCEL_REFUSED
    return ""


async def dismiss(
    hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor, reason: str
) -> Refusal | None:
    """Decide that a message needs no act."""
    async with hub.connection() as connection, connection.transaction():
        row = await inbox.find(connection, tenant, id_, lock=True)
        if not await inbox.close(connection, tenant, id_, "dismissed", reason):
            return CLOSED
        said = MessageDismissed(
            channel=row.channel,
            digest=hashlib.sha256(row.body).hexdigest(),
            message=str(id_),
            reason=reason,
        )
        await merchants.say(connection, tenant, actor, said)
    return None


async def reveal(hub: Hub, tenant: int, id_: uuid.UUID, actor: Actor, reason: str) -> inbox.Row:
    """Give a message unmasked, and write who saw it and why."""
    async with hub.connection() as connection, connection.transaction():
        row = await inbox.find(connection, tenant, id_)
        said = PersonRevealed(fields=("raw",), message=str(id_), reason=reason)
        await merchants.say(connection, tenant, actor, said)
    return row
