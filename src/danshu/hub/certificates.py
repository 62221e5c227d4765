"""Certificates 证书 that people hold, as an admin recorded them: an action type may ask for one."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import psycopg
from msgspec import Struct

from danshu.capabilities.people import facts
from danshu.hub import people
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CERTIFICATES

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_CERTIFICATE: Final = InputError("no_certificate", "there is no such certificate")
TOO_MANY: Final = Refusal(
    code="too_many_certificates",
    reason=f"一个人最多登记 {CERTIFICATES} 项证书",
    reason_en=f"At most {CERTIFICATES} certificates are recorded of one person",
    clause="people.certificates",
)
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_LIST: Final = (
    "select code, number, until from certificates where tenant=%s and person=%s order by code"
)
_PUT: Final = (
    "insert into certificates(tenant,person,code,number,until) values(%s,%s,%s,%s,%s)"
    " on conflict (tenant,person,code) do update set number=excluded.number, until=excluded.until"
)
_DROP: Final = "delete from certificates where tenant=%s and person=%s and code=%s"


class Certificate(Struct, frozen=True, kw_only=True):
    """A certificate: what it is, its number, the last day on which it counts."""

    certificate: str
    number: str
    until: str


async def of_person(connection: Connection, tenant: int, person: uuid.UUID) -> list[Certificate]:
    """List the certificates of a person."""
    cursor = await connection.execute(_LIST, (tenant, person))
    return [
        Certificate(certificate=code, number=number, until=last_day(until))
        for code, number, until in await cursor.fetchall()
    ]


def last_day(until: datetime.datetime) -> str:
    """Give the last day, in China, on which a certificate counts."""
    return (until.astimezone(_ZONE) - datetime.timedelta(days=1)).date().isoformat()


async def record(
    connection: Connection, tenant: int, person: uuid.UUID, told: Certificate, by: Actor
) -> Refusal | None:
    """Record a certificate, or its new number and day. Raises InputError `no_person`, `time`."""
    try:
        last = datetime.date.fromisoformat(told.until)
    except ValueError as error:
        raise InputError("time", f"not a day: {told.until!r}", "/until") from error
    end = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), _ZONE)
    async with connection.transaction():
        row = await people.lock(connection, tenant, person)
        known = await of_person(connection, tenant, person)
        if told in known:
            return None
        if len(known) >= CERTIFICATES and told.certificate not in {c.certificate for c in known}:
            return TOO_MANY
        values = (tenant, person, told.certificate, told.number, end)
        await connection.execute(_PUT, values)
        said = facts.CertificateRecorded(
            certificate=told.certificate, number=told.number, until=told.until
        )
        await people.tell(connection, tenant, row, by, [said])
    return None


async def remove(
    connection: Connection, tenant: int, person: uuid.UUID, code: str, reason: str, by: Actor
) -> None:
    """Take a certificate away. Raises InputError `no_person`, `no_certificate`."""
    async with connection.transaction():
        row = await people.lock(connection, tenant, person)
        done = await connection.execute(_DROP, (tenant, person, code))
        if done.rowcount != 1:
            raise NO_CERTIFICATE
        said = facts.CertificateRemoved(certificate=code, reason=reason)
        await people.tell(connection, tenant, row, by, [said])
