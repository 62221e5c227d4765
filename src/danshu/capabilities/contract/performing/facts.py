"""The fact type of doing contract actions."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("action.performed")
class ActionPerformed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """做成契约动作: time, subject and evidence of one act; on the order's stream.

    `definition`, `statement`, `signature` and `text` are SHA-256 in hex: of the type's canonical
    bytes, of the statement, of the signature record ("" for an unsigned act), of the template of
    the text in the language shown. `began` and `ended` are the server's clock, `device_ended` is
    claimed. `held` is what a series says of a maintenance duty: kept, broken, unproven.
    """

    action: str
    began: str
    definition: str
    delegated_by: str = ""
    device_ended: str = ""
    duration_ms: int
    ended: str
    fulfilment: int = 0
    held: str = ""
    signature: str = ""
    statement: str
    text: str
    version: int
