"""The fact types of woven capabilities: versions published and taken back, secrets put."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("woven.published")
class WovenPublished(Struct, frozen=True, kw_only=True):
    """发布编织能力: this version can be called from now on, beside those before it; `digest` (hex)
    is of its canonical bytes. `approved_by` wrote none of it.
    """

    approved_by: str
    code: str
    digest: str
    drafted_by: str
    version: int


@fact_type("woven.retired")
class WovenRetired(Struct, frozen=True, kw_only=True):
    """停用编织能力: this version is called no more."""

    code: str
    digest: str
    reason: str
    version: int


@fact_type("woven.secret_put")
class WovenSecretPut(Struct, frozen=True, kw_only=True):
    """更换密钥: a secret for a far side's address was laid into the safe, or thrown away (`put`
    false). The secret itself stands in no fact.
    """

    code: str
    origin: str
    put: bool
