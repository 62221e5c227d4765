"""The audit's folders of what makes somebody fit to act: passkeys, certificates, delegations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.people.facts import (
    CertificateRecorded,
    CertificateRemoved,
    DelegationGiven,
    DelegationWithdrawn,
    PasskeyAdded,
    PasskeyRemoved,
)
from danshu.hub import certificates
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import datetime
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_PASSKEYS: Final = """
select person, encode(sha256(id),'hex'), encode(sha256(public_key),'hex') from passkeys
where tenant=%s and person>=%s and person<%s
"""
_CERTIFICATES: Final = """
select person, code, number, until from certificates where tenant=%s and person>=%s and person<%s
"""
_DELEGATIONS: Final = """
select id, action, giver::text, taker::text, reason, begins, ends, withdrawn, seq from delegations
where tenant=%s and id>=%s and id<%s
"""


class StandingFolder:
    """Folds passkeys and certificates of each person and each delegation, and compares the rows; a
    public key of two people is a difference, whichever way it got in.
    """

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._rows: dict[Row, Row] = {}
        self._holders: dict[str, set[uuid.UUID]] = {}  # by the digest of a public key

    @property
    def types(self) -> frozenset[str]:
        """Passkeys and certificates come and gone, delegations given and withdrawn."""
        return frozenset(
            {
                *("passkey.added", "passkey.removed"),
                *("certificate.recorded", "certificate.removed"),
                *("delegation.given", "delegation.withdrawn"),
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, stream = fact.data, fact.stream
        match data:
            case PasskeyAdded():
                self._rows["passkeys", stream, data.credential] = (data.key,)
            case PasskeyRemoved():
                self._rows.pop(("passkeys", stream, data.credential), None)
            case CertificateRecorded():
                row = (data.number, data.until)
                self._rows["certificates", stream, data.certificate] = row
            case CertificateRemoved():
                self._rows.pop(("certificates", stream, data.certificate), None)
            case DelegationGiven():
                self._rows["delegations", stream] = (
                    *(data.action, data.giver, data.to, data.reason),
                    *(epoch_ms(data.begins), epoch_ms(data.ends), 0, fact.seq),
                )
            case DelegationWithdrawn():
                given = self._rows["delegations", stream]
                self._rows["delegations", stream] = (*given[:6], epoch_ms(fact.time), fact.seq)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these people and delegations with what their facts gave."""
        rows: dict[Row, Row] = {}
        place = (self._tenant, first, end)
        for person, credential, key in await _all(connection, _PASSKEYS, place):
            rows["passkeys", person, credential] = (key,)
        for person, code, number, until in await _all(connection, _CERTIFICATES, place):
            rows["certificates", person, code] = (number, certificates.last_day(until))
        for id_, *more in await _all(connection, _DELEGATIONS, place):
            rows["delegations", id_] = _delegation(more)
        expected, self._rows = self._rows, {}
        for key, said in expected.items():
            if key[0] == "passkeys" and said == ("",):  # told before facts named the public key
                expected[key] = rows.get(key, said)
        for held in (rows, expected):
            for key, row in held.items():
                if key[0] == "passkeys":
                    self._holders.setdefault(row[0], set()).add(key[1])
        return [
            Difference(
                code="row_differs",
                where=" ".join(map(str, key)),
                detail=f"row {rows.get(key)}, facts {expected.get(key)}",
            )
            for key in sorted(rows.keys() | expected.keys(), key=str)
            if rows.get(key) != expected.get(key)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Name the public keys that more than one person holds."""
        return [
            Difference(
                code="passkey_shared",
                where=f"passkeys {key}",
                detail="one public key of the people " + ", ".join(sorted(map(str, people))),
            )
            for key, people in sorted(self._holders.items())
            if key and len(people) > 1
        ]


def _delegation(row: list[Any]) -> Row:
    action, giver, taker, reason, begins, ends, withdrawn, seq = row
    return (
        *(action, f"person:{giver}", f"person:{taker}", reason),
        *(_ms(begins), _ms(ends), _ms(withdrawn), seq),
    )


def _ms(at: datetime.datetime | None) -> int:
    return round(at.timestamp() * 1000) if at else 0


async def _all(connection: Connection, query: str, given: Row) -> list[Row]:
    return await (await connection.execute(query, given)).fetchall()
