"""Reasons that are codes are told; words that somebody wrote are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import Struct, structs
from msgspec.json import Decoder

if TYPE_CHECKING:
    from collections.abc import Callable

_S = TypeVar("_S", bound=Struct)
_CODE: Final = re.compile(r"(?:[a-z0-9][a-z0-9_.:-]{0,63})?", re.ASCII)


def keep_code(data: type[_S], field: str) -> Callable[[bytes], _S]:
    """Give what reads `data` and empties `field` where it is no code but somebody's own words."""
    decode = Decoder(data).decode

    def tell(body: bytes) -> _S:
        told = decode(body)
        if _CODE.fullmatch(getattr(told, field)):
            return told
        return structs.replace(told, **{field: ""})

    return tell
