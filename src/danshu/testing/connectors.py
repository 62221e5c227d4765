"""Conformance kit for connectors: what every adapter owes the hub, whoever wrote it.

A plug-in's own tests start a reference server of its far side, build a ConnectorCase and run CHECKS
over it:

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check): check(ConnectorCase(connector=…, account=…, calls=…, …))

A case is made anew for each check: the books of its far side are empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import outside, wires
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports import registry
from danshu.ports.connector import (
    Account,
    Answer,
    Call,
    Connector,
    Hearing,
    Held,
    NotTaken,
    Reply,
    Send,
    Verdict,
)

AT_MS: Final = 1_796_000_000_000
NOWHERE: Final = "http://127.0.0.1:9"  # discard: nothing listens there
_REACH: Final = outside.Reach(5.0, 1 << 20, 1)
T = TypeVar("T")


class ConnectorCase(Struct, frozen=True, kw_only=True):
    """An adapter beside its reference server.

    `calls` are questions that it does, the first of them one that has an effect; `refused` one that
    the far side's business refuses. `lose()` makes the far side do the next call and lose the
    answer; `count(key)` tells how often it really did a key. `callback()` gives a true callback
    about the first call, once that was made; None where the far side never calls.
    `lists`: whether the far side can list its books.
    """

    connector: Connector
    account: Account
    calls: tuple[Call, ...]
    lose: Callable[[], None]
    count: Callable[[str], int]
    refused: Call | None = None
    callback: Callable[[], Hearing] | None = None
    lists: bool = True
    at_ms: int = AT_MS


def load_connector(name: str) -> Connector:
    """Load a connector by its entry point and check that it is one."""
    connector = registry.load("connector", name)
    for attribute in ("capability", "title", "title_en", "operations", "needs"):
        assert hasattr(connector, attribute), f"connector {name} has no {attribute}"
    return cast("Connector", connector)


def ask(case: ConnectorCase, do: Callable[[Send], Awaitable[T]]) -> T:
    """Lend the network for one question."""

    async def run() -> T:
        async with wires.open_wire() as wire:
            return await do(wires.sender(wire, "the far side", _REACH))

    return asyncio.run(run())


def call(case: ConnectorCase, asked: Call) -> Reply:
    """Ask the far side."""
    return ask(case, lambda send: case.connector.call(case.account, send, asked, case.at_ms))


def find(case: ConnectorCase, asked: Call) -> Reply | None:
    """Look for a call."""
    return ask(case, lambda send: case.connector.find(case.account, send, asked, case.at_ms))


# What every adapter owes ----------------------------------------------------------------------


def check_declared(case: ConnectorCase) -> None:
    """It says what it can be asked, in words that people and programs read."""
    connector = case.connector
    assert connector.capability == registry.spell_name(connector.capability)
    assert connector.title.strip()
    assert connector.title_en.strip()
    names = [operation.name for operation in connector.operations]
    assert names
    assert len(set(names)) == len(names)
    for operation in connector.operations:
        assert not operation.undo or operation.undo in names
        assert 0 < operation.timeout_s <= 60
        for shape in (operation.asks, operation.gives):
            assert msgspec.json.schema(shape)
    known = {*case.account.options, *case.account.secrets}
    assert set(connector.needs) <= known
    for name in case.account.secrets:
        assert name.endswith(("secret", "key")), f"a secret named {name!r} would be shown"


def check_answers(case: ConnectorCase) -> None:
    """Each call is done, or taken over to be answered later, and its answer is of its type."""
    gives = {operation.name: operation.gives for operation in case.connector.operations}
    for asked in case.calls:
        reply = call(case, asked)
        assert reply.verdict in (Verdict.DONE, Verdict.PENDING), reply
        if reply.verdict is Verdict.DONE:
            msgspec.json.decode(reply.body, type=gives[asked.operation])


def check_repeat(case: ConnectorCase) -> None:
    """A repeated key is the same call: one effect, one reference."""
    asked = case.calls[0]
    first, second = call(case, asked), call(case, asked)
    assert second.reference == first.reference
    assert {first.verdict, second.verdict} <= {Verdict.DONE, Verdict.PENDING}
    assert case.count(asked.key) == 1


def check_lost(case: ConnectorCase) -> None:
    """After a lost answer the call is found, and asking again does nothing twice."""
    asked = case.calls[0]
    case.lose()
    try:
        call(case, asked)
    except NotTaken as error:
        raise AssertionError("what may have been done was said not to be") from error
    except NotAvailable:
        pass
    else:
        raise AssertionError("an answer that was lost came")
    assert case.count(asked.key) == 1
    found = find(case, asked)
    assert found is not None
    assert found.verdict in (Verdict.DONE, Verdict.PENDING)
    operation = next(o for o in case.connector.operations if o.name == asked.operation)
    if operation.repeatable:
        again = call(case, asked)
        assert again.reference == found.reference
        assert case.count(asked.key) == 1


def check_absent(case: ConnectorCase) -> None:
    """A call that never came is not found: it may go elsewhere."""
    assert find(case, case.calls[0]) is None


def check_refused(case: ConnectorCase) -> None:
    """What the far side's business refuses is an answer, and stays one."""
    if case.refused is None:
        return
    reply = call(case, case.refused)
    assert reply.verdict is Verdict.REFUSED
    assert reply.code
    assert call(case, case.refused).verdict is Verdict.REFUSED


def check_away(case: ConnectorCase) -> None:
    """A far side that is not there has certainly taken nothing, and a probe says so."""
    away = replace(case, account=replace(case.account, url=NOWHERE))
    for do in (
        lambda send: away.connector.call(away.account, send, away.calls[0], away.at_ms),
        lambda send: away.connector.probe(away.account, send, away.at_ms),
    ):
        try:
            ask(away, do)
        except NotTaken:
            continue
        raise AssertionError("nobody was there, and it was not said")


def check_probe(case: ConnectorCase) -> None:
    """A probe of a far side that is there does nothing."""
    ask(case, lambda send: case.connector.probe(case.account, send, case.at_ms))
    assert find(case, case.calls[0]) is None


def check_busy(case: ConnectorCase) -> None:
    """A far side that fails leaves it open what it did; one that has too much took nothing."""
    for status, expected in ((500, NotAvailable), (503, NotAvailable), (429, NotTaken)):
        try:
            _told(case, Answer(status=status, body=b"busy"))
        except expected:
            continue
        raise AssertionError(f"{status} was taken for an answer")


def check_secrets(case: ConnectorCase) -> None:
    """Whatever a far side answers, no secret stands in what is raised or answered."""
    for status in (200, 400, 401, 404, 422, 500):
        for echo in (True, False):
            try:
                reply = _told(case, Answer(status=status, body=b"{}"), echo=echo)
                said = repr(reply)
            except (NotAvailable, InputError) as error:
                said = f"{error} {error.detail}"
            for name, secret in case.account.secrets.items():
                assert secret not in said, f"{name} stands in {said[:80]!r}"


async def _read_books(case: ConnectorCase, cursor: str, send: Send) -> tuple[tuple[Held, ...], str]:
    return await case.connector.read_books(case.account, send, cursor, case.at_ms)


def check_books(case: ConnectorCase) -> None:
    """Its books hold what was done, page by page to an end."""
    if not case.lists:
        return
    for asked in case.calls[:1]:
        call(case, asked)
    cursor, keys = "", []
    for _ in range(100):
        read = partial(_read_books, case, cursor)
        held, cursor = ask(case, read)
        keys += [one.key for one in held]
        if not cursor:
            break
    assert not cursor
    assert keys.count(case.calls[0].key) == 1


def check_callback(case: ConnectorCase) -> None:
    """A true callback is read; one that was changed anywhere is not."""
    if case.callback is None:
        return
    call(case, case.calls[0])
    hearing = case.callback()
    news = case.connector.hear(case.account, hearing, case.at_ms)
    assert news
    assert all(one.id for one in news)
    assert news[0].key == case.calls[0].key or news[0].kind
    assert case.connector.hear(case.account, hearing, case.at_ms) == news
    middle = len(hearing.body) // 2
    forged = hearing.body[:middle] + bytes([hearing.body[middle] ^ 1]) + hearing.body[middle + 1 :]
    strange = {n: f"{v}0" for n, v in case.account.secrets.items()}
    for account, wrong in (
        (case.account, replace(hearing, body=forged)),
        (case.account, replace(hearing, body=b"")),
        (case.account, replace(hearing, headers={}, query={}, body=hearing.body + b" ")),
        (replace(case.account, secrets=strange), hearing),
    ):
        try:
            case.connector.hear(account, wrong, case.at_ms)
        except InputError:
            continue
        raise AssertionError("a forged callback was read")
    for accepted in (True, False):
        status, media, body = case.connector.acknowledge(accepted)
        assert 100 < status < 600
        assert media or not body
        assert isinstance(body, bytes)


def _told(case: ConnectorCase, answer: Answer, *, echo: bool = False) -> Reply:
    """Ask a far side that gives that answer; `echo`: with all that it was sent as its body."""

    async def send(method: str, url: str, headers: Any, body: bytes) -> Answer:
        if not echo:
            return answer
        return replace(answer, body=msgspec.json.encode([url, dict(headers), body.decode()]))

    connector, asked = case.connector, case.calls[0]
    return asyncio.run(_drive(connector.call(case.account, send, asked, case.at_ms)))


async def _drive(awaited: Awaitable[T]) -> T:
    return await awaited


CHECKS: Final[tuple[Callable[[ConnectorCase], None], ...]] = (
    check_declared,
    check_answers,
    check_repeat,
    check_lost,
    check_absent,
    check_refused,
    check_away,
    check_probe,
    check_busy,
    check_secrets,
    check_books,
    check_callback,
)
