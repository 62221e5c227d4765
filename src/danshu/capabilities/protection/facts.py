"""Facts of protection: what was granted, asked for, approved, refused, spent, assessed."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("asset.granted")
class AssetGranted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """数据授权: somebody may do one act on an asset for a purpose until a time."""

    act: str
    asset: str
    columns: tuple[str, ...] = ()
    condition: str = ""
    holder: str
    purpose: str
    reason: str
    until: str


@fact_type("grant.revoked")
class GrantRevoked(Struct, frozen=True, kw_only=True):
    """收回数据授权: it holds no more."""

    reason: str


@fact_type("export.requested")
class ExportRequested(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """申请导出: somebody wants a part of an asset as a file, for themselves or a recipient.

    `needs` are what the checkpoint wanted; empty: it passed at once.
    """

    act: str
    asset: str
    columns: tuple[str, ...]
    country: str = ""
    form: str
    needs: tuple[str, ...] = ()
    purpose: str
    recipient: str = ""


@fact_type("export.approved")
class ExportApproved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """批准导出: a step of the chain was agreed to; `done`: no other is wanted."""

    done: bool
    note: str = ""
    step: str


@fact_type("export.refused")
class ExportRefused(Struct, frozen=True, kw_only=True):
    """拒绝导出: by the checkpoint with its clause, or by a person with a reason."""

    clause: str
    code: str
    reason: str


@fact_type("impact.assessed")
class ImpactAssessed(Struct, frozen=True, kw_only=True):
    """个人信息保护影响评估: what giving an asset to a recipient means for people.

    `digest` is that of its text; it is kept until `until`, three years at least.
    """

    asset: str
    digest: str
    purpose: str
    recipient: str
    risk: str
    until: str


@fact_type("privacy.spent")
class PrivacySpent(Struct, frozen=True, kw_only=True):
    """隐私预算支出: so many thousandths of epsilon of an asset were spent on a recipient.

    `spent` is the sum of the calendar year, this included.
    """

    asset: str
    mille: int
    recipient: str
    spent: int
    what: str
    year: int
