"""A woven capability as a connector: calls of the outbox are asked of it as of any other far side.

Its account, and the secret in it, are the connector's own; the version's `base_url` is where none
other is given. It has no books to be compared with and no word for what became of a lost call: one
that the far side does not answer a second time alike is held for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.weave import typed
from danshu.hub import connectors, weaving, weaving_auth, woven_book
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import WOVEN_RETRY_S
from danshu.ports.connector import NotTaken, Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.capabilities.weave.woven import Woven
    from danshu.hub.weaving_auth import Sent, Token
    from danshu.ports.connector import Account, Call, Connector, Hearing, Held, News, Send

WOVEN: Final = "woven:"
"""What the name of a connector or feed begins with that is a woven capability; `CODE` follows, or
`CODE@VERSION`."""
_SECRET: Final = "secret"
_UNAUTHORISED: Final = 401
_BUSY: Final = 429
_VERDICTS: Final = {
    "done": Verdict.DONE,
    "refused": Verdict.REFUSED,
    "pending": Verdict.PENDING,
}


class WovenConnector:
    """The connector of one version."""

    def __init__(self, woven: Woven) -> None:
        self._woven = woven
        self._token: Token | None = None
        self.capability = woven.capability or woven.code
        self.title, self.title_en = woven.zh, woven.en or woven.zh
        self.needs: tuple[str, ...] = (_SECRET,) if woven.auth.kind != "none" else ()
        self.operations: tuple[Operation, ...] = (
            Operation(
                name=woven.operation,
                asks=typed.asks(woven),
                gives=typed.gives(woven),
                timeout_s=woven.timeout_ms / 1000,
                repeatable=woven.repeatable,
            ),
        )

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask; what of a body is none of the question's fields is left out."""
        woven = msgspec.structs.replace(self._woven, base_url=account.url)
        question = typed.pick_question(woven, call.body)
        built = await weaving.build(woven, question)
        if built.faults:
            told = f"{built.faults[0].pointer}: {built.faults[0].detail}"
            raise InputError("call_refused", told)
        sent = weaving.compose(woven, built, call.key)
        got = await self._send(woven, account, send, sent, at_ms)
        if got.status == _BUSY:
            raise NotTaken(f"{woven.code} answers 429", WOVEN_RETRY_S)
        received = weaving.receive(got, sent)
        said = await weaving.understand(woven, question, received)
        outcome = weaving.conclude(woven, said, sent, received, 0)
        if outcome.verdict == "again":
            raise NotAvailable(outcome.reason or outcome.code, WOVEN_RETRY_S)
        if outcome.verdict not in _VERDICTS:
            raise InputError("call_refused", outcome.reason or outcome.code)
        return Reply(
            verdict=_VERDICTS[outcome.verdict],
            reference=str(outcome.answer.get("reference", "")),
            code=outcome.code,
            reason=outcome.reason,
            body=msgspec.json.encode(outcome.answer),
        )

    async def _send(
        self, woven: Woven, account: Account, send: Send, sent: Sent, at_ms: int
    ) -> Any:
        secret = account.secrets.get(_SECRET, "")
        kind = woven.auth.kind
        if kind == "hmac":
            await weaving_auth.sign(woven, sent, secret, at_ms)
        if kind != "oauth2":
            weaving_auth.prove(woven, sent, secret)
            return await send(sent.method, sent.url, sent.headers, sent.body)
        kept = self._token
        if kept is None or kept.ends_ms <= at_ms:
            kept = self._token = await weaving_auth.grant(woven, secret, send, at_ms)
        weaving_auth.carry(sent, kept, secret)
        got = await send(sent.method, sent.url, sent.headers, sent.body)
        if got.status == _UNAUTHORISED:
            self._token = None
            raise NotTaken(f"{woven.code} knows the token no more", 1)
        return got

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Hold the call for a person: nothing here asks what became of it."""
        raise InputError("no_find", f"{self._woven.code} cannot tell what became of a call")

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask for the root: whatever answers, is there."""
        got = await send("GET", account.url, {}, b"")
        if got.status >= 500:
            raise NotAvailable(f"{self._woven.code} answers {got.status}", WOVEN_RETRY_S)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: such a far side has no books for us."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Refuse: a woven capability is asked, it does not call back."""
        raise InputError("bad_signature", "a woven capability does not call back")

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer a callback that nobody waits for."""
        return 404, "application/json", b"{}"


async def lend(connection: Any, tenant: int, name: str) -> Connector:
    """Give the connector of `CODE` or `CODE@VERSION`. Raises InputError `unknown_adapter`."""
    code, _, version = name.partition("@")
    if (version and not version.isascii()) or not (version or "0").isdigit() or len(version) > 6:
        raise InputError("unknown_adapter", f"no version {version!r}", "/adapter")
    woven = await woven_book.read(connection, tenant, code, int(version or 0))
    return WovenConnector(woven)


async def list_lent(connection: Any, tenant: int) -> list[tuple[str, Connector]]:
    """Give the connectors of the newest versions that may be called, by their names."""
    found: dict[str, Connector] = {}
    for version in await woven_book.list_versions(connection, tenant):
        if version.active:
            name = WOVEN + version.woven.code
            found.setdefault(name, WovenConnector(version.woven))
    return list(found.items())


connectors.lend(WOVEN[:-1], lend)
