"""The audit of people: do their facts give their rows, their passkeys, their open sessions; and the
merchant's keys, shops and policies?
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.people import decide, facts, tables
from danshu.capabilities.people.model import Person
from danshu.hub import facts as hub_facts
from danshu.hub import people
from danshu.kernel.fact import NAMES, Fact
from danshu.ledger import vault
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = tables.READ.replace("p.id=%s", "p.id >= %s and p.id < %s")
_OPEN: Final = (
    "select person, id::text from sessions where tenant=%s and person >= %s and person < %s"
    " and ended is null"
)
_VOICES: Final = (
    "select person, salt, print from voices where tenant=%s and person >= %s and person < %s"
)
_KEYS: Final = "select id, encode(hash,'hex'), role, revoked is null from api_keys where tenant=%s"
_ACCOUNTS: Final = "select account, channel, shop from accounts where tenant=%s"
_POLICIES: Final = "select version, encode(digest,'hex') from policies where tenant=%s"
_TYPES: Final = frozenset(
    {name for cls, (name, _) in NAMES.items() if cls.__module__ == facts.__name__}
    | {"key.issued", "key.revoked", "account.changed", "policy.published"}
)


class _Folded(Struct, kw_only=True, eq=False):
    person: Person
    seq: int
    sessions: set[str]
    voice: str = ""


class PeopleFolder:
    """Folds each person's stream and compares the row; adds up keys, shops and policies."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._people: dict[uuid.UUID, _Folded] = {}
        self._keys: dict[str, tuple[str, str, bool]] = {}
        self._accounts: dict[str, tuple[str, str]] = {}
        self._policies: dict[int, str] = {}

    @property
    def types(self) -> frozenset[str]:
        """Everything about people and what opens doors to programs."""
        return _TYPES

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, msgspec.Raw):
            return
        if isinstance(data, facts.PersonInvited):
            begun = _Folded(person=decide.begin(data), seq=fact.seq, sessions=set())
            self._people[fact.stream] = begun
            return
        folded = self._people.get(fact.stream)
        if folded is None:
            self._add(data)
            return
        folded.person = decide.evolve(folded.person, [data])
        folded.seq = fact.seq
        match data:
            case facts.SessionOpened():
                folded.sessions.add(data.session)
            case facts.SessionProven():
                folded.sessions.discard(data.before)
                folded.sessions.add(data.session)
            case facts.SessionEnded():
                folded.sessions -= set(data.sessions)
            case facts.VoiceEnrolled():
                folded.voice = data.print
            case facts.VoiceWithdrawn():
                folded.voice = ""

    def _add(self, data: Struct) -> None:
        match data:
            case hub_facts.KeyIssued():
                self._keys[data.key] = (data.digest, data.role, True)
            case hub_facts.KeyRevoked():
                digest, role, _ = self._keys.get(data.key, ("", "", False))
                self._keys[data.key] = (digest, role, False)
            case hub_facts.AccountChanged():
                self._accounts[data.account] = (data.channel, data.shop)
            case hub_facts.PolicyPublished():
                self._policies[data.version] = data.digest

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the people of the streams [first, end), and forget them."""
        found: list[Difference] = []
        given = (self._tenant, first, end)
        opened = await (await connection.execute(_OPEN, given)).fetchall()
        heard = await (await connection.execute(_VOICES, given)).fetchall()
        voices = {p: vault.commit(bytes(salt), "voice", bytes(body)) for p, salt, body in heard}
        cursor = await connection.execute(_ROWS, given)
        for each in await cursor.fetchall():
            row = people.read_row(each)
            folded = self._people.pop(row.id, None)
            where = f"people {row.id}"
            if folded is None:
                found.append(_differ("row_alone", where, "a row without facts"))
                continue
            if row.person != folded.person:
                found.append(_differ("row_differs", where, f"{row.person}, {folded.person}"))
            if row.seq != folded.seq:
                found.append(_differ("row_differs", where, "the position is another"))
            if voices.get(row.id, "") != folded.voice:
                found.append(_differ("voice_differs", where, "the voice is another"))
            alone = {s for person, s in opened if person == row.id} - folded.sessions
            found += [_differ("session_alone", where, f"{s} was never opened") for s in alone]
        found += [
            _differ("facts_alone", f"people {i}", "facts without a row") for i in self._people
        ]
        self._people.clear()
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare keys, shops and policies.

        What was revoked or registered before there were facts about it is believed as it is.
        """
        given = (self._tenant,)
        found = []
        keys = {r[0]: r[1:] for r in await _all(connection, _KEYS, given)}
        for key in sorted(keys.keys() | self._keys.keys()):
            row, said = keys.get(key), self._keys.get(key)
            is_older = row is not None and said is not None and row == (*said[:2], False)
            if row != said and not is_older:
                found.append(_differ("row_differs", f"api_keys {key}", f"{row}, {said}"))
        accounts = {r[0]: r[1:] for r in await _all(connection, _ACCOUNTS, given)}
        for name, shop in sorted(self._accounts.items()):
            if accounts.get(name) != shop:
                detail = f"{accounts.get(name)}, {shop}"
                found.append(_differ("row_differs", f"accounts {name}", detail))
        policies = {r[0]: r[1] for r in await _all(connection, _POLICIES, given)}
        for version in sorted(policies.keys() | self._policies.keys()):
            stored, told = policies.get(version), self._policies.get(version)
            if stored != told:
                detail = f"{stored}, {told}"
                found.append(_differ("row_differs", f"policies {version}", detail))
        return found


async def _all(connection: Connection, query: str, given: tuple[int]) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, given)).fetchall()


def _differ(code: str, where: str, detail: str) -> Difference:
    return Difference(code=code, where=where, detail=detail)
