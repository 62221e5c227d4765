"""The safe 保险柜: secrets of far sides, sealed at rest with AES-256-GCM (NIST SP 800-38D).

A sealed value is bound to its merchant and name, so that no row can stand in for another. The key
is not in the database: DANSHU_SAFE_KEY, or the file `safe.key` of the data folder, made once with
mode 600. Several machines are given one key. Both may name several keys: the first seals, each of
them opens; `reseal` brings everything under the first.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import SAFE_NAME_CHARS, SAFE_VALUE_CHARS
from danshu.ledger.engine import home

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

VARIABLE: Final = "DANSHU_SAFE_KEY"
FILE: Final = "safe.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_DOMAIN: Final = b"danshu/safe/1\0"
_PUT: Final = """
insert into safe(tenant,name,key,sealed) values(%s,%s,%s,%s) on conflict (tenant,name)
do update set key=excluded.key, sealed=excluded.sealed, put=now()
"""
_STRANGE: Final = "select 1 from safe where not (key = any(%s)) limit 1"
_READ: Final = "select key, sealed from safe where tenant=%s and name=%s"
_MANY: Final = "select name, key, sealed from safe where tenant=%s and starts_with(name,%s)"
_DROP: Final = "delete from safe where tenant=%s and name=%s"
_STALE: Final = "select tenant, name, key, sealed from safe where key<>%s for update"


def read_keys() -> tuple[bytes, ...]:
    """Give the keys of 32 bytes, the one that seals first. Raises InputError `safe_key`."""
    told = os.environ.get(VARIABLE, "")
    return _parse(told) if told else _from_file(home(os.environ) / FILE)


async def put(connection: Connection, tenant: int, name: str, value: str) -> None:
    """Keep a secret in the caller's transaction, over what was there.

    Raises InputError `too_long`, and NotAvailable where what is there was sealed with a key that
    this machine does not have: it would be unreadable to the others.
    """
    if not 0 < len(name) <= SAFE_NAME_CHARS or len(value) > SAFE_VALUE_CHARS:
        raise InputError("too_long", f"a secret has at most {SAFE_VALUE_CHARS} characters")
    keys = read_keys()
    known = [tell_key(key) for key in keys]
    if await (await connection.execute(_STRANGE, (known,))).fetchone():
        raise _foreign()
    sealed = _seal(keys[0], tenant, name, value)
    await connection.execute(_PUT, (tenant, name, known[0], sealed))


async def read(connection: Connection, tenant: int, name: str) -> str | None:
    """Open a secret; None where there is none. Raises NotAvailable without its key."""
    row = await (await connection.execute(_READ, (tenant, name))).fetchone()
    return None if row is None else _open(tenant, name, row[0], bytes(row[1]))


async def read_all(connection: Connection, tenant: int, prefix: str) -> dict[str, str]:
    """Open all secrets whose names begin with `prefix`, by the rest of their names."""
    rows = await (await connection.execute(_MANY, (tenant, prefix))).fetchall()
    return {
        name.removeprefix(prefix): _open(tenant, name, key, bytes(sealed))
        for name, key, sealed in rows
    }


async def drop(connection: Connection, tenant: int, name: str) -> bool:
    """Throw a secret away; False where there was none."""
    return bool((await connection.execute(_DROP, (tenant, name))).rowcount)


async def reseal(connection: Connection) -> int:
    """Seal with the first key whatever another had sealed; gives how many."""
    first = read_keys()[0]
    async with connection.transaction():
        rows = await (await connection.execute(_STALE, (tell_key(first),))).fetchall()
        for tenant, name, key, sealed in rows:
            value = _open(tenant, name, key, bytes(sealed))
            again = _seal(first, tenant, name, value)
            await connection.execute(_PUT, (tenant, name, tell_key(first), again))
    return len(rows)


def add_key(folder: Path) -> str:
    """Put a new key before those of the file; gives its name. `reseal` follows."""
    keys = (secrets.token_bytes(KEY_BYTES), *_from_file(folder / FILE))
    _write(folder, "".join(f"{key.hex()}\n" for key in keys)).replace(folder / FILE)
    _from_file.cache_clear()
    return tell_key(keys[0])


def tell_key(key: bytes) -> str:
    """Name a key without telling it: the first 16 hex digits of its SHA-256 in our domain."""
    return hashlib.sha256(_DOMAIN + key).hexdigest()[:16]


def _seal(key: bytes, tenant: int, name: str, value: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value.encode(), _place(tenant, name))


def _open(tenant: int, name: str, key_name: str, sealed: bytes) -> str:
    key = next((key for key in read_keys() if tell_key(key) == key_name), None)
    if key is None:
        raise _foreign()
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, body, _place(tenant, name)).decode()
    except InvalidTag:
        raise NotAvailable(f"the secret {name!r} was changed in the database") from None


def _place(tenant: int, name: str) -> bytes:
    return _DOMAIN + f"{tenant}\0{name}".encode()


def _foreign() -> NotAvailable:
    return NotAvailable(f"secrets were sealed with another key: give all machines one {VARIABLE}")


def _parse(text: str) -> tuple[bytes, ...]:
    """Read keys of 64 hex digits, separated by commas or white space."""
    try:
        keys = tuple(bytes.fromhex(word) for word in text.replace(",", " ").split())
    except ValueError:
        keys = ()
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise InputError("safe_key", f"{VARIABLE} or {FILE}: a key is 64 hex digits")
    return keys


@lru_cache(maxsize=8)
def _from_file(path: Path) -> tuple[bytes, ...]:
    """Read the file; made here when there is none, by one process alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = _write(path.parent, f"{secrets.token_hex(KEY_BYTES)}\n")
        try:
            os.link(fresh, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return _parse(path.read_text())


def _write(folder: Path, text: str) -> Path:
    """Write a whole file of mode 600 beside the one that is meant."""
    number, name = tempfile.mkstemp(dir=folder, prefix=f".{FILE}")
    with os.fdopen(number, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(number)
    return Path(name)
