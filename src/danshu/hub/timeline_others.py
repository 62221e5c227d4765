"""The timeline's words of what has its own module, together: icon, titles and sentences by type."""

from __future__ import annotations

from typing import Final

from danshu.hub.amend_words import AMENDED
from danshu.hub.expedite_words import HURRIED
from danshu.hub.negotiation_words import ARRANGED
from danshu.hub.order_type_words import STAGED
from danshu.hub.override_words import OVERRIDDEN
from danshu.hub.paid_words import REVIEWED
from danshu.hub.parcel_words import PARCELS
from danshu.hub.power_words import POWER_WORDS
from danshu.hub.redecision_words import REDECIDED
from danshu.hub.refund_words import REFUNDED
from danshu.hub.remedy_words import REMEDIES
from danshu.hub.selling_words import SOLD

OTHERS: Final[dict[str, tuple[str, str, str, str, str]]] = {
    **AMENDED,
    **REMEDIES,
    **POWER_WORDS,
    **ARRANGED,
    **REDECIDED,
    **OVERRIDDEN,
    **STAGED,
    **PARCELS,
    **SOLD,
    **REFUNDED,
    **REVIEWED,
    **HURRIED,
}
