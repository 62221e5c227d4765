"""The fact types of watermarks 水印: a copy was made for somebody; a file was traced."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("watermark.issued")
class WatermarkIssued(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """水印签发: a copy of an asset was marked for a recipient.

    `columns` carry its code in their last digit, `honey` rows in it are invented. `kind` is person
    or partner, `recipient` their number or code; `digest` the SHA-256 of the marked rows.
    """

    asset: str
    code_no: int
    columns: tuple[str, ...]
    delivery: str = ""
    department: str = ""
    digest: str
    honey: int = 0
    kind: str
    purpose: str
    recipient: str
    rows: int


@fact_type("watermark.traced")
class WatermarkTraced(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """水印追踪: a file was traced; the codes of the copies it was made from, none for nobody.

    `digest` is the file's SHA-256; `z_milli` how far the first lies beyond the innocent,
    thousandths of a standard deviation.
    """

    codes: tuple[int, ...] = ()
    copies: int
    digest: str
    rows: int
    z_milli: int = 0
