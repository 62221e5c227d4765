"""改单: order amended."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import LineAmended, Planned, Sums


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The contract was changed; only what changed is named, with what it was."""

    consent: Annotated[
        str,
        Meta(
            description='The id of the fact in which the buyer agreed; "" where none was asked for.'
        ),
    ] = ""
    due: Annotated[int, Meta(description="What is still to be paid by this, in minor units.")] = 0
    freed: Annotated[
        tuple[Planned, ...],
        Meta(description="Fulfilment orders that are given up; their units go back to stock."),
    ] = ()
    lines: Annotated[
        tuple[LineAmended, ...], Meta(description="The lines that changed, with what they were.")
    ] = ()
    now: Annotated[
        Sums | None, Meta(description="The amounts from now on; absent where they stay.")
    ] = None
    owed: Annotated[
        int, Meta(description="What the buyer paid too much by this, in minor units.")
    ] = 0
    receiver: Annotated[
        str,
        Meta(description='Name of a new receiver\'s sealed record; "" where the receiver stayed.'),
    ] = ""
    region: Annotated[str, Meta(description="Code of the region (GB/T 2260).")] = ""
    region_was: Annotated[str, Meta(description="Code of the region before (GB/T 2260).")] = ""
    wanted: Annotated[
        str, Meta(description='The day on which the buyer wants it (YYYY-MM-DD); "" for none.')
    ] = ""
    wanted_was: Annotated[
        str, Meta(description='The day that was wanted before (YYYY-MM-DD); "" for none.')
    ] = ""
    was: Annotated[Sums | None, Meta(description="The amounts before; absent where they stay.")] = (
        None
    )


class OrderAmended:
    """order.amended, told to the world."""

    name: Final = "danshu.order.amended"
    fact: Final = "order.amended"
    topic: Final = "order"
    title: Final = "改单"
    title_en: Final = "Order amended"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
