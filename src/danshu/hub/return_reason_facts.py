"""Fact types of return reasons; what the buyer wrote stays in the vault."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class NamedCase(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case and its reason; "" = unsure, a person is asked. `confidence` in thousandths."""

    case: str
    code: str = ""
    confidence: int = 0


@fact_type("return_reasons.named")
class ReturnReasonsNamed(Struct, frozen=True, kw_only=True):
    """退货原因归一: what was written in cases was named by the vocabulary with that digest."""

    book: str
    cases: tuple[NamedCase, ...]


@fact_type("return_reason.corrected")
class ReturnReasonCorrected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """退货原因改正: a person named the reason of a case; `taught`: its words are known now."""

    case: str
    code: str
    taught: bool = False
    was: str = ""
