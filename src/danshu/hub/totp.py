"""Codes of an authenticator app (RFC 6238) and recovery codes; each is good once."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, Final

import psycopg
import pyotp

from danshu.capabilities.people import facts
from danshu.hub import challenges, people
from danshu.kernel.errors import InputError
from danshu.kernel.limits import RECOVERY_CODES

if TYPE_CHECKING:
    from danshu.hub.people import Row
    from danshu.hub.sessions import Session
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
STEP_S: Final = 30
_DRIFT_STEPS: Final = 1  # a phone's clock may be half a minute off
_ISSUER: Final = "Danshu 单枢"
_USED: Final = "update people set totp_step=%s where tenant=%s and id=%s and totp_step<%s"
_SET: Final = "update people set totp=%s, totp_step=%s where tenant=%s and id=%s"
_RECOVER: Final = "delete from recovery_codes where tenant=%s and person=%s and hash=%s"
_FORGET: Final = "delete from recovery_codes where tenant=%s and person=%s"
_KEEP: Final = "insert into recovery_codes(tenant,person,hash) values (%s,%s,%s)"


def new_secret() -> str:
    """Make a secret of 160 bits, in base 32."""
    return pyotp.random_base32(32)


def uri(secret: str, login: str, merchant: str) -> str:
    """Write the otpauth URI that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"{_ISSUER} {merchant}")


def match(secret: str, code: str, now_ms: int, last_step: int) -> int:
    """Give the step whose code this is, 0 when it is none that may still be used."""
    here = now_ms // 1000 // STEP_S
    found = 0
    for step in range(here - _DRIFT_STEPS, here + _DRIFT_STEPS + 1):
        at = datetime.datetime.fromtimestamp(step * STEP_S, datetime.UTC)
        right = pyotp.TOTP(secret).at(at)
        if hmac.compare_digest(right.encode(), code.encode()) and step > last_step:
            found = step
    return found


async def use(connection: Connection, tenant: int, row: Row, code: str, now_ms: int) -> bool:
    """Use a code, or a recovery code, of a locked person; inside the caller's transaction."""
    code = code.replace(" ", "").replace("-", "").lower()
    if row.totp is None or not code:
        return False
    if not code.isdigit():
        hashed = _hash(row, code)
        gone = await connection.execute(_RECOVER, (tenant, row.id, hashed))
        return gone.rowcount == 1
    step = match(row.totp.decode(), code, now_ms, row.totp_step)
    if not step:
        return False
    return (await connection.execute(_USED, (step, tenant, row.id, step))).rowcount == 1


async def enrol(
    connection: Connection, tenant: int, row: Row, session: Session, code: str, now_ms: int
) -> list[str]:
    """Begin to ask a locked person for codes, once one fits; gives the recovery codes.

    Inside the caller's transaction: a code that does not fit leaves the offer open. Raises
    InputError `bad_code`.
    """
    offered = await challenges.take(
        connection, tenant, "totp", session.id.bytes, now_ms, bound=row.id.bytes
    )
    step = match((offered or b"").decode(), code.replace(" ", ""), now_ms, 0) if offered else 0
    if not offered or not step:
        raise InputError("bad_code", "this is not the code of now", "/code")
    await connection.execute(_SET, (offered, step, tenant, row.id))
    await connection.execute(_FORGET, (tenant, row.id))
    codes = [_with_letter(secrets.token_hex(8)) for _ in range(RECOVERY_CODES)]
    for each in codes:
        await connection.execute(_KEEP, (tenant, row.id, _hash(row, each)))
    told = facts.TotpEnrolled(codes=len(codes))
    await people.tell(connection, tenant, row, session.actor, [told])
    return ["-".join(c[at : at + 4] for at in range(0, 16, 4)) for c in codes]


async def remove(connection: Connection, tenant: int, row: Row, by: Actor) -> None:
    """Ask a locked person for no more codes; inside the caller's transaction."""
    await connection.execute(_SET, (None, 0, tenant, row.id))
    await connection.execute(_FORGET, (tenant, row.id))
    await people.tell(connection, tenant, row, by, [facts.TotpRemoved()])


def _with_letter(code: str) -> str:
    """A recovery code holds a letter, so that it is never taken for a code of the app."""
    return code if not code.isdigit() else code[:-1] + "x"


def _hash(row: Row, code: str) -> bytes:
    return hashlib.sha256(row.salt + code.encode()).digest()
