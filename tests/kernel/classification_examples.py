"""Full examples of the facts of classification, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub.classification_facts import ClassificationConfirmed

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    ClassificationConfirmed(
        field="buyer_note",
        klass="mobile",
        level=3,
        place="messages:taobao",
        rules=1,
        state="confirmed",
    ),
]
