"""Signing a statement by passkey: what is asked of the device, and whether its answer holds.

The challenge is the SHA-256 of the statement's bytes, so the assertion signs exactly what was
shown. It is good once (hub/challenges), for the act that it was given out for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
import webauthn
from msgspec import Struct
from webauthn.helpers import decode_credential_public_key, structs
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

from danshu.capabilities.contract.performing import assertion
from danshu.capabilities.contract.performing.model import SignatureRecord
from danshu.hub import challenges, passkey_owners
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CHALLENGE_S, SIGNATURE_BYTES

if TYPE_CHECKING:
    import uuid

    from danshu.hub.passkeys import Origin

Connection = psycopg.AsyncConnection[Any]
_KIND: Final = "sign"
_OF_PERSON: Final = (
    "select id from passkeys where tenant=%s and person=%s order by made desc, id limit 64"
)
_FIND: Final = (
    "select public_key, uses from passkeys where tenant=%s and id=%s and person=%s for update"
)
_USED: Final = "update passkeys set uses=%s, used=now(), backed_up=%s where tenant=%s and id=%s"
_ALGORITHMS: Final = {
    COSEAlgorithmIdentifier.EDDSA: "webauthn-eddsa",
    COSEAlgorithmIdentifier.ECDSA_SHA_256: "webauthn-es256",
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256: "webauthn-rs256",
}


class Signed(Struct, frozen=True, kw_only=True):
    """A signature that holds: its record's bytes, the digest (hex) of the key that made it."""

    record: bytes
    key: str


async def has_passkey(connection: Connection, tenant: int, person: uuid.UUID) -> bool:
    """Tell whether a person can sign at all."""
    row = await (await connection.execute(_OF_PERSON, (tenant, person))).fetchone()
    return row is not None


async def ask(
    connection: Connection,
    tenant: int,
    origin: Origin,
    person: uuid.UUID,
    digest: bytes,
    act: bytes,
    now_ms: int,
) -> dict[str, Any]:
    """Ask for a signature over a statement's digest: options for navigator.credentials.get."""
    cursor = await connection.execute(_OF_PERSON, (tenant, person))
    allowed = [structs.PublicKeyCredentialDescriptor(id=r[0]) for r in await cursor.fetchall()]
    options = webauthn.generate_authentication_options(
        rp_id=origin.host,
        challenge=digest,
        timeout=CHALLENGE_S * 1000,
        allow_credentials=allowed,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    await challenges.put(connection, tenant, _KIND, digest, now_ms, bound=act)
    plain: dict[str, Any] = msgspec.json.decode(webauthn.options_to_json(options))
    return plain


async def spend(
    connection: Connection, tenant: int, credential: dict[str, Any], act: bytes, now_ms: int
) -> bool:
    """Use up the challenge that an answer names; tell whether it was still good.

    Outside of any transaction, so that no rollback brings it back.
    """
    try:
        made = _read(credential)
    except ValueError:
        return False
    taken = await challenges.take(connection, tenant, _KIND, made.challenge, now_ms, bound=act)
    return taken is not None


def why_stale(credential: dict[str, Any], digest: bytes) -> Refusal:
    """Say why an answer's challenge was not good: another statement's, or used or too old."""
    try:
        made = _read(credential)
    except ValueError:
        return assertion.SHAPE
    return assertion.REUSED if made.challenge == digest else assertion.CHALLENGE


def _read(credential: dict[str, Any]) -> assertion.Assertion:
    """Take a browser's answer apart. Raises ValueError."""
    response = credential.get("response")
    if not isinstance(response, dict):
        raise ValueError("no response")
    parts = [
        assertion.from_base64url(response.get(name))
        for name in ("clientDataJSON", "authenticatorData", "signature")
    ]
    if sum(len(p) for p in parts) > SIGNATURE_BYTES:
        raise ValueError("too long")
    return assertion.take_apart(*parts)


async def check(
    connection: Connection,
    tenant: int,
    origin: Origin,
    person: uuid.UUID,
    credential: dict[str, Any],
    digest: bytes,
    *,
    device_bound: bool,
) -> Signed | Refusal:
    """Check an answer against the statement's digest and the person's passkeys, inside the caller's
    transaction; what is wrong is a refusal with a code of its own.
    """
    try:
        made = _read(credential)
        id_ = assertion.from_base64url(credential.get("rawId"))
    except ValueError:
        return assertion.SHAPE
    row = await (await connection.execute(_FIND, (tenant, id_, person))).fetchone()
    if row is None:
        return assertion.UNKNOWN
    public_key, uses = bytes(row[0]), row[1]
    if await passkey_owners.find(connection, tenant, person, public_key) is not None:
        return passkey_owners.SHARED
    expected = assertion.Expected(
        digest=digest,
        origin=origin.url,
        rp_id=origin.host,
        counter=uses,
        device_bound=device_bound,
    )
    refusal = assertion.check(made, expected)
    if refusal:
        return refusal
    try:
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=digest,
            expected_rp_id=origin.host,
            expected_origin=origin.url,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
        alg = _ALGORITHMS[COSEAlgorithmIdentifier(decode_credential_public_key(public_key).alg)]
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError):
        return assertion.BAD
    used = (done.new_sign_count, done.credential_backed_up, tenant, id_)
    await connection.execute(_USED, used)
    key = hashlib.sha256(public_key).hexdigest()
    record = SignatureRecord(
        alg=alg,
        authenticator_data=assertion.to_base64url(made.authenticator_data),
        client_data=assertion.to_base64url(made.client_data),
        credential=hashlib.sha256(id_).hexdigest(),
        key=key,
        public_key=assertion.to_base64url(public_key),
        rp_id=origin.host,
        signature=assertion.to_base64url(made.signature),
    )
    try:
        return Signed(record=canonical.encode_struct(record), key=key)
    except InputError:
        return assertion.SHAPE
