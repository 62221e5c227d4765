"""The fact types of the ledger's own acts."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("vault.erased")
class VaultErased(Struct, frozen=True, kw_only=True):
    """删除个人信息: the personal data behind a stream was erased by law, and on which basis."""

    basis: str
    requested_by: str
    vault_id: str
