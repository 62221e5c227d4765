"""Port `connector`: a system that the hub asks to do something: WMS, customs broker, risk engine…

An adapter knows the far side's words and nothing of the network, the clock or the database: it is
lent `Send`. What is asked has a key that is the same at each try; an adapter hands it on in
whatever way the far side has to tell a repeat, and says with `find` what became of a call whose
answer was lost, so that a call is never made twice by two adapters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from danshu.kernel.errors import NotAvailable


class Answer(Struct, frozen=True, kw_only=True):
    """What came back over HTTP: header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
"""Sends (method, URL, headers, body). Raises NotTaken where nothing left the house, NotAvailable
where it is not known what the far side did."""


class NotTaken(NotAvailable):
    """The far side has certainly not taken the call: no connection was made, or it said so (429).

    Any other NotAvailable leaves it open, and the call is looked for before it goes elsewhere.
    """


class Verdict(StrEnum):
    """What a far side says of a call."""

    DONE = "done"
    REFUSED = "refused"  # a business "no": asked again, it is the same
    PENDING = "pending"  # taken over; the answer comes by a callback or is asked for with `find`


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a far side: its URL, and what the adapter needs by name.

    `secrets` are never shown, logged or told; `trial` says that the far side's sandbox is meant.
    """

    url: str
    options: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}
    trial: bool = False


class Operation(Struct, frozen=True, kw_only=True):
    """One thing that can be asked: the Structs of question and answer, and what takes it back.

    `timeout_s` is how long one try may take; `undo` names the operation that compensates it, ""
    where nothing does. `repeatable` is True where the far side itself answers a repeated key with
    the first answer; where it is False a lost answer is looked for with `find` before another try.
    """

    name: str
    asks: type[Struct]
    gives: type[Struct]
    timeout_s: float = 10.0
    undo: str = ""
    repeatable: bool = True


class Call(Struct, frozen=True, kw_only=True):
    """A question: `key` is the same at each try, `subject` the order or other stream that it is
    about, `body` the JSON of the operation's `asks`.
    """

    key: str
    operation: str
    subject: str
    body: bytes


class Reply(Struct, frozen=True, kw_only=True):
    """An answer: `reference` is the far side's own number, `body` the JSON of `gives` where it is
    done; `code` and `reason` say why not.
    """

    verdict: Verdict
    reference: str = ""
    code: str = ""
    reason: str = ""
    body: bytes = b"{}"


class Hearing(Struct, frozen=True, kw_only=True):
    """What a far side says of itself, by a callback: header names are lower case."""

    body: bytes
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}


class News(Struct, frozen=True, kw_only=True):
    """What a callback means. `id` is the far side's own of this message: the same id is the same
    news. `key` is that of the call which it answers ("" where it answers none), `reply` the answer;
    otherwise `kind` and `body` are an event of the far side (a pick, a track, a stock count) and
    `subject` what it is about.
    """

    id: str
    key: str = ""
    reply: Reply | None = None
    kind: str = ""
    subject: str = ""
    body: bytes = b"{}"


class Held(Struct, frozen=True, kw_only=True):
    """One call as the far side has it in its books, for reconciliation of both sides."""

    key: str
    operation: str
    reference: str
    verdict: Verdict


class Connector(Protocol):
    """An adapter to one kind of far side.

    Secrets never stand in what it raises or answers: what it says is kept and shown.
    """

    capability: str
    """What it is able to do: customs, risk, finance, logistics, wms, carrier, crm, erp, payment…"""
    title: str
    title_en: str
    operations: tuple[Operation, ...]
    needs: tuple[str, ...]
    """Names of options and secrets without which it can't ask; secrets end in `secret` or `key`."""

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask. Raises NotTaken when the far side certainly did not take it, NotAvailable when that
        is not known (both may be tried again with the same key), InputError `call_refused` where
        the far side did not understand, so that a person must look at it.
        """
        ...

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Tell what became of a call; None where the far side never got it. Raises as `call`."""
        ...

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask whether the far side is there, without doing anything. Raises NotAvailable."""
        ...

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give a page of the calls that the far side has, and the cursor of the next; "" ends."""
        ...

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read a callback once its signature is proved. Raises InputError `bad_signature` or
        another that names what can't be understood.
        """
        ...

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer a callback in the far side's own form: status, media type, body."""
        ...
