"""Examples of the fact types of intercept rules."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import intercept_facts as intercepts

EXAMPLES: list[Struct] = [
    intercepts.OrderIntercepted(
        effect="review",
        no=3,
        policy="ab" * 32,
        reasons=("单价不到标价的三成",),
        rules=("abnormal_price/r2",),
        seen=(intercepts.Seen(field="price.of_list_percent", value="20"),),
    ),
    intercepts.OrderLetPass(note="已电话确认", reason="price_right"),
    intercepts.InterceptListed(
        entry="019aa9d3-6b80-7000-8000-0000000000b1",
        kind="buyer",
        reason="恶意退货",
        until="2027-06-30T16:00:00.000Z",
    ),
    intercepts.InterceptUnlisted(entry="019aa9d3-6b80-7000-8000-0000000000b1", kind="buyer"),
]
