"""Who signs for a log: its keys, the present one, those before it, and until when each holds.

One key signs for all books of an installation; the key's name in a note is the book's origin. The
seed lies in the table `signers`, where whoever reads the database can sign as this log, or in a
file outside of it (then the row holds the public key alone). After a rotation the key before signs
beside the new one until `until`; a revoked key signs nothing any more. Every public key stays for
ever: old checkpoints are verified by it.
"""

from __future__ import annotations

import datetime
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from danshu.kernel import note
from danshu.kernel.errors import InputError
from danshu.kernel.note import VerifierKey
from danshu.ledger.edge import LogBroken

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

SIGNER: Final = "log"  # the first; then log.2, log.3 …: other names of the table are no log keys
VARIABLE: Final = "DANSHU_SIGNING_KEY_FILE"
SEED_BYTES: Final = 32
_READ: Final = (
    "select name, seed, public, created, until, revoked, reason,"
    " revoked is null and (until is null or until > now()) from signers"
    " where name = 'log' or name like 'log.%' order by created, name"
)


class Signer(Protocol):
    """Who signs for a log: an Ed25519 key, wherever it lives."""

    @property
    def public_key(self) -> bytes:
        """The 32-byte public key."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes (RFC 8032)."""


class SeedSigner:
    """A signer whose 32-byte seed is in this process."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key: Final = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Sign a message: 64 bytes (RFC 8032)."""
        return self._key.sign(message)


class AbsentSigner:
    """The public half of a key that lies in a file elsewhere: it verifies, and cannot sign."""

    def __init__(self, public_key: bytes) -> None:
        self.public_key: Final = public_key

    def sign(self, message: bytes) -> bytes:
        """Raise LogBroken: this process has no key file."""
        raise LogBroken("the log's key is in a file: name it in DANSHU_SIGNING_KEY_FILE")


class LogKey(Struct, frozen=True, kw_only=True):
    """One key of the log. `until` ends its overlap after a rotation, None = not rotated away;
    `signs` tells whether it signs now. `seed` is None when it lies in a file or was destroyed.
    """

    name: str
    seed: bytes | None
    public_key: bytes
    since: datetime.datetime
    until: datetime.datetime | None
    revoked: datetime.datetime | None
    reason: str
    signs: bool


def origin_of(code: str, half: str) -> str:
    """Name a book's log for all time: `danshu/<tenant code>/<half>`."""
    return f"danshu/{code}/{half}"


def log_key(origin: str, public_key: bytes) -> VerifierKey:
    """Give the key that verifies a log's checkpoints; its name is the origin (tlog-checkpoint)."""
    return VerifierKey(name=origin, kind=note.ED25519, public_key=public_key)


def check(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature is good, by OpenSSL (about 0.1 ms)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_file(path: Path) -> SeedSigner:
    """Read a signer from a file: PEM PKCS #8 (`openssl genpkey -algorithm ed25519`), or Go's
    `PRIVATE+KEY+…`. Raises InputError `key_file`, which never repeats what stands in the file.
    """
    try:
        raw = path.read_bytes()
        if raw.startswith(b"PRIVATE+KEY+"):
            return SeedSigner(note.parse_secret(raw.decode().strip())[3])
        key = load_pem_private_key(raw, password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, InputError) as error:
        raise InputError("key_file", f"{path} holds no Ed25519 key", "") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("key_file", f"{path} holds a key of another kind")
    return SeedSigner(key.private_bytes_raw())


async def read_keys(connection: psycopg.AsyncConnection[Any]) -> list[LogKey]:
    """Read every key that the log ever had, the oldest first; LogBroken when one was replaced."""
    rows = await (await connection.execute(_READ)).fetchall()
    keys = []
    for name, seed, public, since, until, revoked, reason, signs in rows:
        derived = SeedSigner(seed).public_key if seed is not None else public
        if public is not None and derived != public:
            raise LogBroken(f"the seed of the signer {name} is not that of its public key")
        keys.append(
            LogKey(
                name=name,
                seed=seed,
                public_key=derived,
                since=since,
                until=until,
                revoked=revoked,
                reason=reason,
                signs=signs,
            )
        )
    return keys


def present(keys: Sequence[LogKey]) -> LogKey | None:
    """Give the key that the log signs by: the newest that was neither rotated away nor revoked."""
    return next((k for k in reversed(keys) if k.until is None and k.revoked is None), None)


def named_file() -> Signer | None:
    """Give the signer that DANSHU_SIGNING_KEY_FILE names; None when the key is in the database."""
    name = os.environ.get(VARIABLE, "")
    return read_file(Path(name)) if name else None


async def load_signer(connection: psycopg.AsyncConnection[Any]) -> Signer:
    """Give the log's present signer, making a key on first use; an AbsentSigner when its key lies
    in a file that this process was not told of.
    """
    own = named_file()
    if own is not None:
        await adopt(connection, own)
        return own
    key = present(await read_keys(connection))
    if key is None:
        await connection.execute(
            "insert into signers(name,seed) values (%s, %s) on conflict do nothing",
            (SIGNER, secrets.token_bytes(SEED_BYTES)),
        )
        key = present(await read_keys(connection))
    if key is None:
        raise LogBroken("every key of the log is revoked: `danshu log rotate` makes a new one")
    return SeedSigner(key.seed) if key.seed is not None else AbsentSigner(key.public_key)


async def adopt(connection: psycopg.AsyncConnection[Any], signer: Signer) -> None:
    """Write down the key of a file on its first use; LogBroken when the log signs by another."""
    keys = await read_keys(connection)
    if not keys:
        await connection.execute(
            "insert into signers(name,public) values (%s, %s) on conflict do nothing",
            (SIGNER, signer.public_key),
        )
        keys = await read_keys(connection)
    key = present(keys)
    if key is None or key.public_key != signer.public_key:
        raise LogBroken("the key file is not the log's present key: `danshu log rotate` changes it")


async def load_signers(
    connection: psycopg.AsyncConnection[Any], own: Signer | None
) -> tuple[list[Signer], list[bytes]]:
    """Give those who sign now, the present key first, and all public keys that ever signed.

    `own` is the present signer when its key lies elsewhere; LogBroken when it is another.
    """
    first = own or await load_signer(connection)
    keys = await read_keys(connection)
    here = present(keys)
    if keys and (here is None or here.public_key != first.public_key):
        raise LogBroken("the signer is not the log's present key: `danshu log rotate` changes it")
    signers = [first]
    for key in reversed(keys):
        if key.signs and key.public_key != first.public_key and key.seed is not None:
            signers.append(SeedSigner(key.seed))
    known = [first.public_key, *(k.public_key for k in keys if k.public_key != first.public_key)]
    return signers, known


async def add_key(
    connection: psycopg.AsyncConnection[Any], signer: Signer | None, overlap_s: int
) -> tuple[LogKey | None, LogKey]:
    """Change to a new key in the caller's transaction; give the one before and the new one.

    `signer` is the key of a file, None makes a seed in the database. The key before signs beside it
    for `overlap_s` more. Raises InputError `same_key`.
    """
    await connection.execute("lock table signers in exclusive mode")
    keys = await read_keys(connection)
    before = present(keys)
    seed = None if signer else secrets.token_bytes(SEED_BYTES)
    public = signer.public_key if signer else SeedSigner(seed or b"").public_key
    if public in [k.public_key for k in keys]:
        raise InputError("same_key", "the log had this key already")
    if before is not None:
        await connection.execute(
            "update signers set public=%s, until=now() + make_interval(secs => %s) where name=%s",
            (before.public_key, overlap_s, before.name),
        )
    name = f"{SIGNER}.{len(keys) + 1}" if keys else SIGNER
    await connection.execute(
        "insert into signers(name,seed,public,created) values (%s,%s,%s,clock_timestamp())",
        (name, seed, public),
    )
    after = present(await read_keys(connection))
    assert after is not None
    return before, after


async def revoke_key(
    connection: psycopg.AsyncConnection[Any], public_key: bytes, reason: str
) -> LogKey:
    """Revoke a key in the caller's transaction and destroy its seed; it signs nothing any more.

    Raises InputError `no_key` for a key that is not there or revoked, `present_key` for the one
    that the log signs by: rotate first.
    """
    await connection.execute("lock table signers in exclusive mode")
    keys = await read_keys(connection)
    key = next((k for k in keys if k.public_key == public_key and k.revoked is None), None)
    if key is None:
        raise InputError("no_key", "the log has no such key that is not revoked already")
    if key == present(keys):
        raise InputError("present_key", "the log signs by this key: `danshu log rotate` first")
    await connection.execute(
        "update signers set public=%s, revoked=now(), seed=null, reason=%s where name=%s",
        (key.public_key, reason, key.name),
    )
    return key
