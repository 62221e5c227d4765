"""How a data resource stands in the balance sheet 数据资源入表: the decision table, by its data.

After 《企业数据资源相关会计处理暂行规定》(财会〔2023〕11 号, in force since 2024-01-01); each rule
names its clause and who read it: nobody yet means 条款未核.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

Treatment = Literal["intangible", "inventory", "expense", "not_recognised"]
Held = Literal["use", "service", "sale"]
Phase = Literal["research", "development", "bought"]


class TreatmentAnswers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of an asset: is it controlled, is a benefit likely, is its cost measurable,
    what is it held for, in which phase; the five conditions for capitalising development.
    """

    controlled: bool = False
    benefit: bool = False
    measurable: bool = False
    held: Held = "use"
    phase: Phase = "research"
    feasible: bool = False
    intended: bool = False
    useful: bool = False
    resourced: bool = False
    attributable: bool = False


class TreatmentRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of the table: it holds where each answer that it names is as it says."""

    code: str
    gives: Treatment
    when: dict[str, bool | str] = {}
    clause: str
    source: str
    verified_by: str = ""
    zh: str
    en: str


def decide(answers: TreatmentAnswers, rules: Sequence[TreatmentRule]) -> TreatmentRule:
    """Give the first rule that holds."""
    for rule in rules:
        if all(getattr(answers, name) == wanted for name, wanted in rule.when.items()):
            return rule
    raise ProgramError("the decision table ends without a rule for all that is left")
