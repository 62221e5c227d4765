"""What a buyer asks of an order, what a breach entitles them to, and whether its notices went out.

All stand on the order's own stream. What a buyer wrote or where they live is in the vault; these
facts name it by salted commitments among their evidence. `no` counts an order's requests from 1.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("request.made")
class RequestMade(Struct, frozen=True, kw_only=True):
    """买家申请: somebody asks for a change of address, compensation for damage, or what a power
    gives.

    `by` is `link` (whoever holds the evidence page's link: a third party's word, grade D) or
    `merchant` (somebody who works for the merchant says that the buyer asked).
    """

    by: str
    kind: str
    no: int


@fact_type("request.accepted")
class RequestAccepted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """同意申请: the merchant agrees; `amount` in minor units is what is proposed for damage."""

    amount: int = 0
    kind: str
    no: int


@fact_type("request.declined")
class RequestDeclined(Struct, frozen=True, kw_only=True):
    """不同意申请: the merchant says no, for a reason that the customer reads."""

    kind: str
    no: int
    reason: str


@fact_type("request.withdrawn")
class RequestWithdrawn(Struct, frozen=True, kw_only=True):
    """撤回申请: who asked takes it back; `by` as in `request.made`."""

    by: str
    kind: str
    no: int


@fact_type("power.opened")
class PowerOpened(Struct, frozen=True, kw_only=True):
    """权利产生: a breach entitles `holder` to `action`, by a step of the pinned version's chain.

    `definition` is the SHA-256 (hex) of that version.
    """

    action: str
    code: str
    definition: str
    holder: str
    step: int


@fact_type("power.used")
class PowerUsed(Struct, frozen=True, kw_only=True):
    """行使权利: its holder does what the breach entitles them to."""

    action: str
    code: str
    step: int


@fact_type("power.ended")
class PowerEnded(Struct, frozen=True, kw_only=True):
    """权利消灭: it can't be used any more. `reason`: performed, closed, verdict_changed."""

    action: str
    code: str
    reason: str
    step: int


@fact_type("notice.sent")
class NoticeSent(Struct, frozen=True, kw_only=True):
    """已告知: the merchant's notice service took the notice of a breach over.

    That the person it is for has read it, nothing here shows.
    """

    code: str
    receipt: str
    step: int
    to: str


@fact_type("notice.refused")
class NoticeRefused(Struct, frozen=True, kw_only=True):
    """拒收告知: the notice service says no; it is not asked again."""

    code: str
    reason: str
    step: int
    to: str


@fact_type("notice.abandoned")
class NoticeAbandoned(Struct, frozen=True, kw_only=True):
    """放弃告知: nothing took the notice over within its bounds; `reason` is the last trouble."""

    code: str
    reason: str
    step: int
    to: str
    tries: int
