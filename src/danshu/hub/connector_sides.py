"""The far sides as the connectors' room has them: adapter, account, breaker, pace, what is under
way; and one try, from the bytes of a question to how it ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.capabilities.weave import backoff, breaker, canary, pace
from danshu.capabilities.weave.breaker import Breaker
from danshu.hub import outside, tracing, wires
from danshu.hub.connector_outbox import PENDING, End, Outcome, Taken
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import (
    CALL_ANSWER_BYTES,
    CALL_POLL_MS,
    CALL_QUIET_MS,
    CALL_RETRY_MAX_MS,
    CALL_RETRY_MS,
    CALL_TIMEOUT_MAX_S,
    CALL_TRIES,
    REASON_CHARS,
)
from danshu.ports.connector import Call, NotTaken, Operation, Reply, Verdict

if TYPE_CHECKING:
    import aiohttp

    from danshu.hub.connectors import Desk
    from danshu.ports.connector import Account, Connector, Send

RULES: Final = breaker.Rules()
_GOOD: Final = frozenset({End.DONE, End.REFUSED, End.PENDING, End.ABSENT, End.HELD})
_ENDS: Final = {
    Verdict.DONE: End.DONE,
    Verdict.REFUSED: End.REFUSED,
    Verdict.PENDING: End.PENDING,
}
_log = logging.getLogger("danshu.connectors")


class Side:
    """One far side in this process."""

    def __init__(self, desk: Desk, adapter: Connector, account: Account, trial: Account) -> None:
        self.desk, self.adapter, self.account, self.trial = desk, adapter, account, trial
        self.operations = {operation.name: operation for operation in adapter.operations}
        self.breaker = breaker.CLOSED
        self.pace = pace.Pace(per_s=desk.rate_per_s)
        self.running = 0
        self.called_ms = 0

    def follow(self, before: Side) -> None:
        """Take over what is under way from the side as it was before its desk changed."""
        self.breaker, self.running, self.called_ms = (
            before.breaker,
            before.running,
            before.called_ms,
        )

    def free(self, at_ms: int) -> tuple[int, bool]:
        """Tell how many more may be asked now, and whether that is a probe."""
        phase = breaker.look(self.breaker, at_ms)
        if phase is breaker.Phase.OPEN:
            return 0, False
        if phase is breaker.Phase.HALF_OPEN:
            return (0 if self.running else 1), True
        self.pace = pace.fill(self.pace, at_ms)
        return pace.allow(self.pace, max(self.desk.concurrency - self.running, 0)), False

    def begin(self, at_ms: int) -> None:
        """Count a try that begins."""
        self.running += 1
        self.called_ms = at_ms
        self.pace = pace.spend(self.pace, 1)

    def end(self, outcome: Outcome) -> None:
        """Count a try that ended."""
        self.running -= 1
        if outcome.end is not End.WAITS:
            self.breaker = breaker.record(self.breaker, outcome.end in _GOOD, RULES, outcome.at_ms)


def sample(outcome: Outcome) -> canary.Sample:
    """Count one try as health and canaries do."""
    latency = [0] * canary.BUCKETS
    latency[canary.bucket(outcome.took_ms)] = 1
    is_failed = outcome.end in (End.NOT_TAKEN, End.UNKNOWN, End.HELD)
    is_refused = outcome.end is End.REFUSED
    return canary.Sample(
        done=int(not is_failed and not is_refused),
        refused=int(is_refused),
        failed=int(is_failed),
        latency=tuple(latency),
    )


async def attempt(
    wire: aiohttp.ClientSession, side: Side, call: Taken, *, leaves: bool, at_ms: int
) -> Outcome:
    """Ask once. `leaves`: the route goes elsewhere by now, so that the call is only looked for."""
    operation = side.operations.get(call.operation)
    if operation is None:
        held = f"{side.desk.adapter} has no operation {call.operation!r}"
        return Outcome(
            call=call, end=End.HELD, at_ms=at_ms, took_ms=0, trouble=held, handed=call.handed
        )
    seeks = call.state == PENDING or (call.handed and (leaves or not operation.repeatable))
    quiet_ms = call.tried_ms + CALL_QUIET_MS if call.state != PENDING else 0
    if seeks and call.tried_ms and at_ms < quiet_ms:
        # What was sent may still be on its way: asked now, the far side might say that it never
        # came, and get it afterwards.
        return Outcome(
            call=call, end=End.WAITS, at_ms=at_ms, took_ms=0, again_ms=quiet_ms, trouble="quiet"
        )
    timeout_s = min(side.desk.timeout_s or operation.timeout_s, CALL_TIMEOUT_MAX_S)
    send = wires.sender(wire, side.desk.title, outside.Reach(timeout_s, CALL_ANSWER_BYTES, 0))
    began = time.perf_counter()
    end, reply, trouble, wait_s = await _try(
        side, send, call, operation, timeout_s, (seeks, leaves), at_ms
    )
    took_s = time.perf_counter() - began
    took_ms = round(took_s * 1000)
    failure = trouble if reply is None else ""
    adapter = side.desk.adapter
    told = {"adapter": adapter, "operation": call.operation, "end": end.value}
    tracing.note("connector.call", took_s, trouble=failure, **told)
    outcome = Outcome(
        call=call,
        end=end,
        at_ms=at_ms + took_ms,
        took_ms=took_ms,
        reply=reply,
        trouble=trouble[:REASON_CHARS],
    )
    return plan(outcome, operation, leaves=leaves, wait_s=wait_s)


async def _try(
    side: Side,
    send: Send,
    call: Taken,
    operation: Operation,
    timeout_s: float,
    how: tuple[bool, bool],
    at_ms: int,
) -> tuple[End, Reply | None, str, int]:
    seeks, leaves = how
    asked = Call(key=call.key, operation=call.operation, subject=call.subject, body=call.body)
    account = side.trial if call.trial else side.account
    try:
        async with asyncio.timeout(timeout_s):
            reply = await side.adapter.find(account, send, asked, at_ms) if seeks else None
            if seeks and reply is None and (leaves or call.state == PENDING):
                return End.ABSENT, None, "", 0
            if reply is None:
                reply = await side.adapter.call(account, send, asked, at_ms)
        return _ENDS[reply.verdict], reply, "", 0
    except NotTaken as error:
        return End.NOT_TAKEN, None, error.detail, error.retry_after_s
    except NotAvailable as error:
        return End.UNKNOWN, None, error.detail, error.retry_after_s
    except TimeoutError:
        return End.UNKNOWN, None, f"no answer within {timeout_s:g} s", 0
    except InputError as error:
        return End.HELD, None, f"{error.code}: {error.detail}", 0
    except Exception:  # noqa: BLE001 - logged; an adapter is somebody else's code
        _log.exception("%s cannot ask %s", side.desk.adapter, call.id)
        return End.UNKNOWN, None, "program", 0


def plan(outcome: Outcome, operation: Operation, *, leaves: bool, wait_s: int) -> Outcome:
    """Say when a call is tried again, and where."""
    call, end, at_ms = outcome.call, outcome.end, outcome.at_ms
    if end in (End.DONE, End.REFUSED, End.HELD):
        return outcome
    if end is End.PENDING:
        poll_ms = min(CALL_POLL_MS << min(call.tries - 1, 10), CALL_RETRY_MAX_MS)
        return replace(outcome, again_ms=at_ms + poll_ms)
    if end is End.ABSENT:
        return replace(outcome, again_ms=at_ms, handed=False, moves=leaves)
    if call.tries >= CALL_TRIES:
        return replace(outcome, end=End.HELD, trouble=f"given up: {outcome.trouble}")
    wait_ms = backoff.wait_ms(call.tries, CALL_RETRY_MS, CALL_RETRY_MAX_MS, call.key)
    wait_ms = max(wait_ms, wait_s * 1000)
    if end is End.NOT_TAKEN:
        moves = leaves and not call.handed
        again_ms = at_ms if moves else at_ms + wait_ms
        return replace(outcome, again_ms=again_ms, handed=call.handed, moves=moves)
    if leaves or not operation.repeatable:
        wait_ms = max(wait_ms, CALL_QUIET_MS)
    return replace(outcome, again_ms=at_ms + wait_ms)


def unfilled(call: Taken, at_ms: int) -> Outcome:
    """Give the outcome of a call of which nothing was sent."""
    return Outcome(call=call, end=End.WAITS, at_ms=at_ms, took_ms=0, handed=call.handed)


def encode_breaker(state: Breaker) -> bytes:
    """Give a breaker as its row keeps it."""
    return msgspec.json.encode(state)


def decode_breaker(raw: Any) -> Breaker:
    """Read the breaker of a row."""
    return msgspec.json.decode(bytes(raw), type=Breaker)
