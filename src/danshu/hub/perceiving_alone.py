"""Runs local perceivers for others, in a process that may be killed: `python -m` this module.

What decodes a stranger's picture or recording may hang, ask for more memory than there is, or die
of it. So it does that here, under limits of its own, with a model that stays loaded. Frames over
the pipes: four bytes of length, MessagePack of an Errand, eight bytes of length, the original; back
come four bytes of length and a Seen.
"""

from __future__ import annotations

import asyncio
import os
import resource
import select
import struct
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import msgspec
from msgspec import Struct

from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.limits import (
    ORIGINAL_BYTES,
    PERCEIVE_ERRAND_BYTES,
    PERCEIVE_IDLE_S,
    PERCEIVE_MEMORY_BYTES,
    PERCEPTION_BYTES,
)
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Answer
    from danshu.ports.perceiver import Perceiver

READY: Final = b"ready\n"
HEAD: Final = struct.Struct(">I")
SIZE: Final = struct.Struct(">Q")
TOO_COSTLY: Final = "too_costly"


class Errand(Struct, frozen=True, kw_only=True):
    """What is to be looked at, but for its bytes."""

    name: str
    account: Account
    media_type: str
    hints: dict[str, Any]


class Seen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of it: `refused` is code, detail and pointer of an InputError, `missing` what of a
    NotAvailable and after how many seconds it may be tried again, `fault` any other error.
    """

    perception: Perception | None = None
    refused: tuple[str, str, str] | None = None
    missing: tuple[str, int] | None = None
    fault: str = ""


async def no_network(_method: str, _url: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
    """Refuse: a local model asks nobody."""
    raise NotAvailable("a local model asks nobody")


def perform(errand: Errand, body: bytes) -> Seen:
    """Look at an original; whatever is raised is told."""
    try:
        adapter = cast("Perceiver", registry.load("perceiver", errand.name))
        told = asyncio.run(
            adapter.perceive(errand.account, no_network, body, errand.media_type, errand.hints)
        )
    except InputError as error:
        return Seen(refused=(error.code, error.detail, error.pointer))
    except NotAvailable as error:
        return Seen(missing=(error.detail, error.retry_after_s))
    except (MemoryError, RecursionError) as error:
        return Seen(refused=(TOO_COSTLY, type(error).__name__, ""))
    except DanshuError as error:
        return Seen(fault=str(error))
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return Seen(fault=f"{type(error).__name__}: {error}"[:300])
    return Seen(perception=told)


def bound() -> None:
    """Take limits on: memory, no core files, and two threads for whatever computes."""
    soft = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = PERCEIVE_MEMORY_BYTES if soft < 0 else min(PERCEIVE_MEMORY_BYTES, soft)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Answer errands until there are no more, or none for PERCEIVE_IDLE_S."""
    bound()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    source = os.fdopen(0, "rb", buffering=0)
    encode = msgspec.msgpack.Encoder().encode
    decode = msgspec.msgpack.Decoder(Errand).decode
    out.write(READY)
    out.flush()
    while select.select([source], [], [], PERCEIVE_IDLE_S)[0]:
        try:
            (length,) = HEAD.unpack(read_exactly(source, HEAD.size))
            if length > PERCEIVE_ERRAND_BYTES:
                break
            errand = decode(read_exactly(source, length))
            (length,) = SIZE.unpack(read_exactly(source, SIZE.size))
            if length > ORIGINAL_BYTES:
                break
            body = read_exactly(source, length)
        except EOFError:
            break
        said = encode(perform(errand, body))
        if len(said) > PERCEPTION_BYTES:
            said = encode(Seen(refused=(TOO_COSTLY, "what was seen is too large", "")))
        out.write(HEAD.pack(len(said)) + said)
        out.flush()


def read_exactly(source: BinaryIO, size: int) -> bytes:
    """Read so many bytes of a pipe. Raises EOFError where it ends before."""
    parts: list[bytes] = []
    while size:
        part = source.read(min(size, 1 << 16))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    main()
