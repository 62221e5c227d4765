"""做成契约动作: action performed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A contract action was done: which, when, how long it took."""

    action: Annotated[str, Meta(description="Code of the contract action 契约动作.")]
    began: Annotated[str, Meta(description="When it began, by the server's clock (RFC 3339, UTC).")]
    definition: Annotated[str, Meta(description="SHA-256 (hex) of the definition that holds.")]
    device_ended: Annotated[
        str, Meta(description='When it ended as the device says (RFC 3339, UTC); "" unknown.')
    ] = ""
    duration_ms: Annotated[int, Meta(description="How long it took, in milliseconds.")]
    ended: Annotated[str, Meta(description="When it ended, by the server's clock (RFC 3339, UTC).")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order; 0 for the whole order.")
    ] = 0
    held: Annotated[
        str, Meta(description='What a series says of a duty: kept, broken, unproven; "" for none.')
    ] = ""
    version: Annotated[int, Meta(description="Number of the version.")]


class ActionPerformed:
    """action.performed, told to the world."""

    name: Final = "danshu.action.performed"
    fact: Final = "action.performed"
    topic: Final = "promise"
    title: Final = "做成契约动作"
    title_en: Final = "Action performed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
