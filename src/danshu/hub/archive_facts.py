"""What the hub says of facts that were put away."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("facts.archived")
class FactsArchived(Struct, frozen=True, kw_only=True):
    """事实归档: facts of orders of one UTC day that have ended lie in one file.

    `digest` is its SHA-256 (hex), `object` its name in the archive, `part` its number within the
    day. The leaves stay in the log, and proofs with them.
    """

    day: str
    digest: str
    facts: int
    object: str
    part: int
    rows: int


@fact_type("facts.restored")
class FactsRestored(Struct, frozen=True, kw_only=True):
    """事实取回: the facts of a part are in the database again, each compared with its leaf."""

    day: str
    digest: str
    part: int
    rows: int
