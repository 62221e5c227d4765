"""Order types in and out: YAML templates, canonical bytes (EVJ1) and their digest."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from typing import Final

import msgspec
import yaml

from danshu.capabilities.order_types.model import OrderType
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORDER_TYPE_BYTES

TEMPLATES: Final = ("presale", "paid_presale", "community", "pharmacy", "plain")
_decode: Final = msgspec.json.Decoder(OrderType).decode


def encode(kind: OrderType) -> bytes:
    """Write the canonical bytes. Raises InputError `order_type_bytes` for more than is read."""
    body = canonical.encode_struct(kind)
    if len(body) > ORDER_TYPE_BYTES:
        raise InputError("order_type_bytes", f"a type has at most {ORDER_TYPE_BYTES} bytes")
    return body


def digest(kind: OrderType) -> str:
    """Give the SHA-256 of the canonical bytes, 64 hex digits."""
    return hashlib.sha256(encode(kind)).hexdigest()


def read(body: bytes) -> OrderType:
    """Read canonical bytes as stored."""
    return _decode(body)


@lru_cache(maxsize=1)
def templates() -> tuple[OrderType, ...]:
    """Read what a new type may begin from."""
    folder = resources.files("danshu") / "data" / "order_types"
    return tuple(
        [
            msgspec.convert(yaml.safe_load((folder / f"{name}.yaml").read_bytes()), OrderType)
            for name in TEMPLATES
        ]
    )
