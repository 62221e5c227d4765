"""The fact types of a merchant's own affairs: its beginning, its keys, its promises' versions."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("tenant.created")
class TenantCreated(Struct, frozen=True, kw_only=True):
    """商户开通: a merchant begins."""

    code: str
    name: str


@fact_type("key.issued")
class KeyIssued(Struct, frozen=True, kw_only=True):
    """发放密钥: an API key was issued; its digest, never the key."""

    digest: str
    key: str
    name: str
    role: str


@fact_type("promise.defined")
class PromiseDefined(Struct, frozen=True, kw_only=True):
    """承诺定义: the version of a promise that new orders are pinned to."""

    code: str
    digest: str
    version: int
