"""Services on trial by a person: a sample is looked at, counted and paid like any original.

A sample is kept with what is expected of it, so that each service, and each new version of one, is
tried on the same; dropped, its bytes are gone.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.intake import chains, media
from danshu.hub import perceivers, perceiving
from danshu.kernel import ids
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import PERCEIVER_SAMPLE_BYTES, PERCEIVER_SAMPLES
from danshu.ports.modality import Original
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.perceivers import Perceiving

Connection = psycopg.AsyncConnection[Any]
NO_SAMPLE: Final = InputError("no_sample", "there is no such sample")
_COLUMNS: Final = "id,kind,name,media_type,digest,expects"
_LIST: Final = f"select {_COLUMNS} from perceiver_samples where tenant=%s order by kind, id"
_ONE: Final = f"select {_COLUMNS} from perceiver_samples where tenant=%s and id=%s"
_BODY: Final = "select body from perceiver_samples where tenant=%s and id=%s"
_ADD: Final = f"insert into perceiver_samples(tenant,{_COLUMNS},body) values({'%s,' * 7}%s)"
_DROP: Final = "delete from perceiver_samples where tenant=%s and id=%s"


class PerceiverSample(Struct, frozen=True, kw_only=True):
    """A sample: `digest` (hex) names its bytes, `expects` is the text that is in it."""

    id: uuid.UUID
    kind: str
    name: str
    media_type: str
    digest: str
    expects: str


class PerceiverTried(Struct, frozen=True, kw_only=True):
    """What became of a trial: done, refused (no such original) or failed, with code and words.
    `agreed` says in thousandths how alike the text is to what was expected, -1 = nothing was.
    """

    end: str
    took_ms: int = 0
    cost: int = 0
    code: str = ""
    trouble: str = ""
    agreed: int = -1
    perception: Perception | None = None


async def try_service(
    hub: Hub, service: Perceiving, body: bytes, media_type: str, name: str, expects: str
) -> PerceiverTried:
    """Have a service look at a sample, whatever was kept of it. Raises InputError of the media."""
    original = Original(
        body=body,
        media_type=media.settle(media_type, body),
        digest=hashlib.sha256(body).hexdigest(),
        name=name,
    )
    try:
        seen = await perceiving.ask(hub, service, original, {}, anew=True)
    except InputError as error:
        return PerceiverTried(end="refused", code=error.code, trouble=error.detail)
    except NotAvailable as error:
        return PerceiverTried(end="failed", code=error.code, trouble=error.detail)
    wanted = Perception(kind="", engine="", version="", digest="", text=expects)
    return PerceiverTried(
        end="done",
        took_ms=seen.took_ms,
        cost=seen.cost,
        agreed=chains.agree(seen.perception, wanted) if expects else -1,
        perception=seen.perception,
    )


async def keep(
    connection: Connection,
    tenant: int,
    kind: str,
    name: str,
    body: bytes,
    media_type: str,
    expects: str,
    now_ms: int,
) -> PerceiverSample:
    """Keep a sample. Raises InputError `too_many`, `too_large`, and as the media is refused."""
    if len(body) > PERCEIVER_SAMPLE_BYTES:
        raise InputError("too_large", f"a sample has at most {PERCEIVER_SAMPLE_BYTES} bytes")
    media_type = media.settle(media_type, body)
    id_, digest = ids.uuid7(now_ms, os.urandom(10)), hashlib.sha256(body).digest()
    async with connection.transaction():
        if len(await read_all(connection, tenant)) >= PERCEIVER_SAMPLES:
            raise InputError("too_many", f"at most {PERCEIVER_SAMPLES} samples")
        told = (tenant, id_, kind, name, media_type, digest, expects, body)
        await connection.execute(_ADD, told)
    return await read(connection, tenant, id_)


async def read_all(connection: Connection, tenant: int) -> list[PerceiverSample]:
    """List a merchant's samples, by kind."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [_sample(row) for row in rows]


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> PerceiverSample:
    """Read a sample. Raises InputError `no_sample`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_SAMPLE
    return _sample(row)


async def read_body(connection: Connection, tenant: int, sample: PerceiverSample) -> bytes:
    """Give the bytes of a sample. Raises InputError `no_sample`."""
    row = await (await connection.execute(_BODY, (tenant, sample.id))).fetchone()
    if row is None:
        raise NO_SAMPLE
    return bytes(row[0])


async def drop(connection: Connection, tenant: int, id_: uuid.UUID) -> None:
    """Try services on a sample no more. Raises InputError `no_sample`."""
    if not (await connection.execute(_DROP, (tenant, id_))).rowcount:
        raise NO_SAMPLE


async def find(connection: Connection, tenant: int, id_: uuid.UUID) -> Perceiving:
    """Give a service by its id, registered or a default. Raises InputError `no_perceiver`."""
    for name, adapter in perceivers.adapters().items():
        if adapter.local:
            for service in perceivers.defaults(tenant, adapter.kind):
                if service.id == id_ and service.adapter == name:
                    return service
    return await perceivers.read(connection, tenant, id_)


def _sample(row: tuple[Any, ...]) -> PerceiverSample:
    id_, kind, name, media_type, digest, expects = row
    return PerceiverSample(
        id=id_,
        kind=kind,
        name=name,
        media_type=media_type,
        digest=bytes(digest).hex(),
        expects=expects,
    )
