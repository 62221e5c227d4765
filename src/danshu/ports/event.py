"""Port `event`: how one type of fact is told to the world outside, as a type of CloudEvents 1.0.

An adapter is one file with one class. Its `data` is the whole of what the world may know of such a
fact: a field that is not in it does not leave the house. A published type only grows: fields are
added with defaults, none changes its meaning or goes. One type of fact is told by one adapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from msgspec import Struct


class EventType(Protocol):
    """One published type.

    `name` is the CloudEvents `type` (danshu.order.placed), `fact` the type of fact that it is told
    of, `topic` the group that it is subscribed to under; `title` and `title_en` are what people
    read. `data` is a Struct with a docstring a field's reader can use; its JSON Schema is
    published.
    """

    name: str
    fact: str
    topic: str
    title: str
    title_en: str
    data: type[Struct]

    def tell(self, data: bytes) -> Struct | None:
        """Give what is told of a fact's `data` (canonical JSON), an instance of `self.data`.

        None where this one fact is not told. Pure: the same fact, the same event, for ever.
        """
        ...
