"""The fact types of valuations and of the cost ledger."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("valuation.drafted")
class ValuationDrafted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """估值起草: a range follows from inputs (`inputs`: SHA-256, hex); no single number is given."""

    asset: str
    high_fen: int
    inputs: str
    low_fen: int
    version: int


@fact_type("valuation.approved")
class ValuationApproved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """估值批准: a second person stands by exactly these inputs and the range that follows;
    `first` is who drafted it.
    """

    asset: str
    first: str
    high_fen: int
    inputs: str
    low_fen: int
    version: int


@fact_type("valuation.declined")
class ValuationDeclined(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """估值驳回: the draft does not hold, for the reason said."""

    asset: str
    reason: str
    version: int


@fact_type("asset_cost.entered")
class AssetCostEntered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """数据资产成本: what was spent on an asset on a day, in fen, in which phase: research is an
    expense, development may be capitalised; `minutes` are those of labour.
    """

    amount_fen: int
    asset: str
    day: str
    kind: str
    minutes: int = 0
    note: str = ""
    phase: str


@fact_type("asset_treatment.set")
class AssetTreatmentSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """数据资源入表: how an asset stands in the balance sheet, by which rule of the table, for
    how many months it is written off from which month on.
    """

    asset: str
    months: int = 0
    rule: str
    since: str = ""
    treatment: str
    version: int
