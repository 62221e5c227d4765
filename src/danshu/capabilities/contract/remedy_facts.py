"""The fact types of what follows a breach, and of hand-overs whose waybill lags. They stand on the
order's own stream. Amounts are in minor units of the order's currency.

`code` names the promise in its order, `step` the step of its breach chain (from 0).
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("handover.lagging")
class HandoverLagging(Struct, frozen=True, kw_only=True):
    """交接未见运单: a parcel was handed over at `handed`; `lag_ms` later there is no waybill.

    Said while it lags, so that it stands in the log before anybody knows how it ends.
    """

    fulfilment: int
    handed: str
    lag_ms: int


@fact_type("handover.caught_up")
class HandoverCaughtUp(Struct, frozen=True, kw_only=True):
    """运单补到: the waybill of a lagging hand-over was recorded, `lag_ms` after it."""

    fulfilment: int
    handed: str
    lag_ms: int


@fact_type("compensation.proposed")
class CompensationProposed(Struct, frozen=True, kw_only=True):
    """提出赔付: the breach chain of the pinned version owes the buyer `amount`.

    `base` is what its share was taken of; `definition` is the digest of the promise's version that
    holds the clause; `pay_by` when the chain wants it paid; `auto`: the chain lets policy pay it.
    """

    amount: int
    auto: bool
    base: int
    code: str
    currency: str
    definition: str
    pay_by: str
    step: int


@fact_type("compensation.approved")
class CompensationApproved(Struct, frozen=True, kw_only=True):
    """批准赔付: it is to be paid; `by` is a person, or the policy that the merchant set."""

    amount: int
    by: str
    code: str
    step: int


@fact_type("compensation.refused")
class CompensationRefused(Struct, frozen=True, kw_only=True):
    """不予赔付: it is not paid, for a stated reason; `verdict_changed` when there is no breach."""

    code: str
    reason: str
    step: int
