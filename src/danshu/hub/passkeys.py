"""Passkeys by WebAuthn: registration, signing in, a further proof. User verification always.

The RP id is the host of our origin. Attestation is not asked for: which make of authenticator it is
decides nothing here. A challenge is good once, for whom and what it was given out.
"""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import psycopg
import webauthn
from msgspec import Struct
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException

from danshu.capabilities.people import decide, facts
from danshu.capabilities.people.model import ACTIVE
from danshu.hub import challenges, passkey_owners, people
from danshu.kernel import canonical
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import CHALLENGE_S, PERSON_PASSKEYS
from danshu.ledger import blobs

if TYPE_CHECKING:
    import uuid

    from webauthn.registration.verify_registration_response import VerifiedRegistration

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Credential = dict[str, Any]
_RP_NAME: Final = "单枢 Danshu"
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
BAD: Final = InputError("bad_passkey", "the passkey's answer does not hold")
NO_PASSKEY: Final = InputError("no_passkey", "there is no such passkey")
TOO_MANY: Final = InputError("too_many_passkeys", f"a person has at most {PERSON_PASSKEYS} of them")

_OF_PERSON: Final = (
    "select id, name, transports, aaguid, backed_up, made, used from passkeys where tenant=%s"
    " and person=%s order by made, id"
)
_INSERT: Final = (
    "insert into passkeys(tenant,id,person,name,public_key,uses,transports,aaguid,backed_up)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing"
)
_WHOSE: Final = "select person from passkeys where tenant=%s and id=%s"
_FIND: Final = "select public_key, uses from passkeys where tenant=%s and id=%s for update"
_USED: Final = "update passkeys set uses=%s, used=now(), backed_up=%s where tenant=%s and id=%s"
_RENAME: Final = "update passkeys set name=%s where tenant=%s and person=%s and sha256(id)=%s"
_DELETE: Final = "delete from passkeys where tenant=%s and person=%s and sha256(id)=%s"


class Passkey(Struct, frozen=True, kw_only=True):
    """A passkey in a list; `id` is the digest of its credential id, as facts name it."""

    id: str
    name: str
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool
    made: datetime.datetime
    used: datetime.datetime | None


class Origin(Struct, frozen=True, kw_only=True):
    """Where browsers find the console; passkeys are bound to its host."""

    url: str

    @property
    def host(self) -> str:
        """The RP id."""
        return urlsplit(self.url).hostname or ""


async def of_person(connection: Connection, tenant: int, person: uuid.UUID) -> list[Passkey]:
    """List a person's passkeys, oldest first."""
    rows = await (await connection.execute(_OF_PERSON, (tenant, person))).fetchall()
    return [
        Passkey(
            id=hashlib.sha256(id_).hexdigest(),
            name=name,
            transports=tuple(transports),
            aaguid=aaguid,
            backed_up=backed_up,
            made=made,
            used=used,
        )
        for id_, name, transports, aaguid, backed_up, made, used in rows
    ]


async def offer(
    connection: Connection, tenant: int, row: people.Row, origin: Origin, now_ms: int, bound: bytes
) -> dict[str, Any]:
    """Begin a registration: the options for navigator.credentials.create."""
    if len(row.person.passkeys) >= PERSON_PASSKEYS:
        raise TOO_MANY
    cursor = await connection.execute(_OF_PERSON, (tenant, row.id))
    known = [structs.PublicKeyCredentialDescriptor(id=r[0]) for r in await cursor.fetchall()]
    options = webauthn.generate_registration_options(
        rp_id=origin.host,
        rp_name=_RP_NAME,
        user_id=row.handle,
        user_name=row.login,
        user_display_name=row.name,
        timeout=CHALLENGE_S * 1000,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=known,
        supported_pub_key_algs=_ALGORITHMS,
    )
    await challenges.put(connection, tenant, "register", options.challenge, now_ms, bound=bound)
    return _plain(webauthn.options_to_json(options))


async def spend(
    connection: Connection,
    tenant: int,
    kind: str,
    credential: Credential,
    now_ms: int,
    bound: bytes = b"",
) -> bytes:
    """Use up the challenge that an answer names, and give it; whatever comes of the answer.

    Outside of any transaction, so that no rollback brings it back. Raises InputError `bad_passkey`.
    """
    challenge = _challenge(credential)
    if await challenges.take(connection, tenant, kind, challenge, now_ms, bound=bound) is None:
        raise BAD
    return challenge


async def register(
    connection: Connection,
    tenant: int,
    row: people.Row,
    origin: Origin,
    credential: Credential,
    challenge: bytes,
    name: str,
    by: Actor,
) -> people.Row:
    """Keep a new passkey of a locked person, inside the caller's transaction.

    Raises InputError `bad_passkey`, `too_many_passkeys`, `passkey_known`, KeyOfAnother.
    """
    if len(row.person.passkeys) >= PERSON_PASSKEYS:
        raise TOO_MANY
    try:
        done = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=origin.host,
            expected_origin=origin.url,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise BAD from error
    await passkey_owners.check(connection, tenant, row.id, done.credential_public_key)
    kept = (
        tenant,
        done.credential_id,
        row.id,
        name,
        done.credential_public_key,
        done.sign_count,
        _transports(credential),
        done.aaguid,
        done.credential_backed_up,
    )
    if (await connection.execute(_INSERT, kept)).rowcount != 1:
        raise InputError("passkey_known", "this passkey is registered already")
    told = await _registered(connection, tenant, done, credential, origin, name)
    return await people.tell(connection, tenant, row, by, [told])


async def _registered(
    connection: Connection,
    tenant: int,
    done: VerifiedRegistration,
    credential: Credential,
    origin: Origin,
    name: str,
) -> facts.PasskeyAdded:
    """Keep what was registered, so that a bundle can show whose key signed; name it by digests."""
    digest = hashlib.sha256(done.credential_id).hexdigest()
    key = hashlib.sha256(done.credential_public_key).hexdigest()
    synced = done.credential_device_type is structs.CredentialDeviceType.MULTI_DEVICE
    kept = {
        "aaguid": done.aaguid,
        "backed_up": done.credential_backed_up,
        "client_data": str(credential["response"]["clientDataJSON"]).rstrip("="),
        "credential": digest,
        "key": key,
        "public_key": bytes_to_base64url(done.credential_public_key),
        "rp_id": origin.host,
        "synced": synced,
    }
    record = await blobs.put(connection, tenant, "application/json", canonical.encode(kept))
    return facts.PasskeyAdded(
        aaguid=done.aaguid,
        backed_up=done.credential_backed_up,
        credential=digest,
        key=key,
        name=name,
        record=record.hex(),
        synced=synced,
    )


async def ask(
    connection: Connection,
    tenant: int,
    origin: Origin,
    kind: str,
    now_ms: int,
    bound: bytes = b"",
    person: uuid.UUID | None = None,
) -> dict[str, Any]:
    """Begin a proof: the options for navigator.credentials.get.

    Without `person` any passkey of the merchant's people may answer (discoverable credentials);
    tenant 0 gives options that nothing can answer, in the same form.
    """
    allowed = None
    if person is not None:
        cursor = await connection.execute(_OF_PERSON, (tenant, person))
        allowed = [structs.PublicKeyCredentialDescriptor(id=r[0]) for r in await cursor.fetchall()]
    options = webauthn.generate_authentication_options(
        rp_id=origin.host,
        timeout=CHALLENGE_S * 1000,
        allow_credentials=allowed,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    if tenant:
        await challenges.put(connection, tenant, kind, options.challenge, now_ms, bound=bound)
    return _plain(webauthn.options_to_json(options))


async def answer(
    connection: Connection, tenant: int, origin: Origin, credential: Credential, challenge: bytes
) -> people.Row:
    """Check a proof and give the person whose it is, locked; inside the caller's transaction.

    Raises InputError `bad_passkey`, whatever is wrong.
    """
    try:
        id_ = base64url_to_bytes(str(credential["rawId"]))
        handle = credential["response"].get("userHandle")
        told_handle = base64url_to_bytes(str(handle)) if handle else None
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BAD from error
    found = await (await connection.execute(_WHOSE, (tenant, id_))).fetchone()
    if found is None:
        raise BAD
    held = await people.lock(connection, tenant, found[0])  # the person first, as everywhere
    row = await (await connection.execute(_FIND, (tenant, id_))).fetchone()
    if row is None or held.person.state != ACTIVE or told_handle not in (None, held.handle):
        raise BAD
    try:
        done = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=origin.host,
            expected_origin=origin.url,
            credential_public_key=bytes(row[0]),
            credential_current_sign_count=row[1],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BAD from error
    used = (done.new_sign_count, done.credential_backed_up, tenant, id_)
    await connection.execute(_USED, used)
    return held


async def rename(
    connection: Connection, tenant: int, person: uuid.UUID, passkey: str, name: str
) -> None:
    """Name a passkey anew. Raises InputError `no_passkey`."""
    done = await connection.execute(_RENAME, (name, tenant, person, _id(passkey)))
    if done.rowcount != 1:
        raise NO_PASSKEY


async def remove(
    connection: Connection,
    tenant: int,
    row: people.Row,
    passkey: str,
    *,
    has_provider: bool,
    by: Actor,
) -> Refusal | None:
    """Remove a passkey of a locked person, inside the caller's transaction; the refusal if any.

    Raises InputError `no_passkey`.
    """
    if passkey not in row.person.passkeys:
        raise NO_PASSKEY
    told = decide.remove_passkey(row.person, passkey, has_provider=has_provider)
    if isinstance(told, Refusal):
        return told
    await connection.execute(_DELETE, (tenant, row.id, _id(passkey)))
    await people.tell(connection, tenant, row, by, told)
    return None


def _id(passkey: str) -> bytes:
    try:
        return bytes.fromhex(passkey)
    except ValueError as error:
        raise NO_PASSKEY from error


def _challenge(credential: Credential) -> bytes:
    """Read which challenge an answer is to; whether it is true is verified later."""
    try:
        data = base64url_to_bytes(str(credential["response"]["clientDataJSON"]))
        return base64url_to_bytes(str(msgspec.json.decode(data)["challenge"]))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise BAD from error


def _transports(credential: Credential) -> list[str]:
    given = credential["response"].get("transports") or []
    return [str(t)[:32] for t in given[:8]] if isinstance(given, list) else []


def _plain(options: str) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(options)
    return read
