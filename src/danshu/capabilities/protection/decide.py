"""The compliance checkpoint 合规检查点: may this be seen, taken, passed on; and if not yet, why.

Pure: all that it looks at is in the case. The order of the questions is fixed, so that a refusal
always names the first clause that stands in the way: right, purpose, level, form, licence,
consent, strength, border, then the chain of approvals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.protection import border
from danshu.capabilities.protection.grants import EXPIRED
from danshu.capabilities.protection.model import HOME, PURPOSES, ExportNeed, Outcome
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import SHARE_PEOPLE

if TYPE_CHECKING:
    from danshu.capabilities.protection.model import Case, Step

_SENSITIVE_LEVEL: Final = 3
_GRANTED_LEVEL: Final = 4

NO_RIGHT: Final = Refusal(
    code="no_data_right",
    reason="角色没有这项数据权利,也没有有效授权",
    reason_en="Neither the role nor a grant allows this",
    clause="asset-right",
)
RAW: Final = Refusal(
    code="raw_export_denied",
    reason="可看汇总,不可导出原始明细",
    reason_en="Who may see sums may not take the rows",
    clause="asset-raw",
)
PURPOSE: Final = Refusal(
    code="purpose_mismatch",
    reason="用途与资产的用途不符,又没有为这一用途的授权",
    reason_en="The purpose is not the asset's, and no grant names it",
    clause="pipl-6",
)
LEVEL: Final = Refusal(
    code="level_needs_grant",
    reason="第 4、5 级数据须逐人授权",
    reason_en="Data of levels 4 and 5 are granted by name",
    clause="jrt-0197",
)
TOO_CLEAR: Final = Refusal(
    code="too_identifiable",
    reason=f"同类人数不足 {SHARE_PEOPLE},对外提供前须加强去标识化",
    reason_en=f"Fewer than {SHARE_PEOPLE} people look alike; make it less recognisable first",
    clause="pipl-51",
)
NO_BASIS: Final = Refusal(
    code="no_basis",
    reason="向其他处理者提供个人信息没有合法基础",
    reason_en="There is no basis for giving personal information to another handler",
    clause="pipl-13",
)
_REFUSED: Final = "refused"


def decide(case: Case) -> Outcome:
    """Say whether it may be done, under which conditions, or why not. Never raises."""
    refusal = _refuse(case)
    if refusal is not None:
        return Outcome(state=_REFUSED, refusal=refusal)
    if case.act in ("view", "aggregate"):
        return Outcome(state="passed")
    needs: list[ExportNeed] = []
    row = ""
    if case.act == "share":
        refusal, wanted, row = _share(case)
        if refusal is not None:
            return Outcome(state=_REFUSED, refusal=refusal, border=row)
        needs += wanted
    needs += _chain(case)
    return Outcome(state="conditions" if needs else "passed", needs=tuple(needs), border=row)


def is_personal(case: Case) -> bool:
    """Tell whether what leaves is personal information: rows of people are, salted or not; sums
    of fewer than the least number of people in a cell are, too.
    """
    if not case.people:
        return False
    if case.form == "rows":
        return True
    if case.is_noisy:
        return False
    return case.strength is not None and case.strength.k < SHARE_PEOPLE


def _refuse(case: Case) -> Refusal | None:
    """Ask what a role, a grant, a purpose and a level allow."""
    if case.purpose not in PURPOSES:
        return PURPOSE
    if case.purpose != case.meant_for and case.grant is None:
        return EXPIRED if case.lapsed else PURPOSE
    if case.may:
        return None
    if case.lapsed:
        return EXPIRED
    is_out = case.act in ("export", "share")
    if is_out and case.form == "rows" and case.aggregates:
        return RAW
    if case.act == "export" and case.form == "cells" and case.aggregates:
        return None
    if case.level >= _GRANTED_LEVEL and case.grant is None:
        return LEVEL
    return NO_RIGHT


def _share(case: Case) -> tuple[Refusal | None, list[ExportNeed], str]:
    """Ask what giving it to another handler, maybe abroad, wants."""
    needs: list[ExportNeed] = []
    if not case.has_licence:
        needs.append(ExportNeed(code="licence", clause="licence"))
    personal = is_personal(case)
    if personal and not case.basis:
        return NO_BASIS, [], ""
    weak = case.strength is not None and case.strength.k < SHARE_PEOPLE
    if weak and not case.is_noisy and case.people:
        return TOO_CLEAR, [], ""
    if personal and case.basis == "contract" and not case.is_exempt:
        needs.append(ExportNeed(code="separate_consent", clause="pipl-23"))
    if personal and case.is_sensitive and case.basis != "consent":
        needs.append(ExportNeed(code="separate_consent", clause="pipl-29"))
    if personal and not case.has_assessment:
        needs.append(ExportNeed(code="impact_assessment", clause="pipl-55"))
    if case.country == HOME:
        return None, _once(needs), ""
    row = border.judge(
        people=case.sent,
        sensitive=case.sent_sensitive,
        is_important=case.is_important,
        is_critical=case.is_critical,
        is_exempt=case.is_exempt,
        is_personal=personal,
    )
    if row.result == "security_assessment" and case.mechanism != "security_assessment":
        needs.append(ExportNeed(code="security_assessment", clause="border"))
    if row.result == "standard_contract" and not case.mechanism:
        needs.append(ExportNeed(code="standard_contract", clause="border"))
    if personal and case.basis != "consent" and not case.is_exempt:
        needs.append(ExportNeed(code="separate_consent", clause="pipl-39"))
    return None, _once(needs), row.code


def _once(needs: list[ExportNeed]) -> list[ExportNeed]:
    """Keep the first need of each code."""
    seen: dict[str, ExportNeed] = {}
    for need in needs:
        seen.setdefault(need.code, need)
    return list(seen.values())


def chain(case: Case) -> tuple[Step, ...]:
    """Name the steps that somebody else has to agree to, in their order.

    Sums without a right to take them: the steward. Rows of level 3 and more, or so few alike that
    they could be recognised: legal. Whatever goes to another handler: steward and legal.
    """
    steps: list[Step] = []
    if case.act == "share":
        steps = ["steward", "legal"]
    elif not case.may:
        steps = ["steward"]
    elif case.form == "rows":
        clear = case.strength is not None and case.people > 0 and case.strength.k < SHARE_PEOPLE
        if case.level >= _SENSITIVE_LEVEL or clear:
            steps = ["legal"]
        if case.level >= _GRANTED_LEVEL:
            steps.append("second_person")
    if case.grant is not None and case.grant.condition == "second_person" and not steps:
        steps.append("second_person")
    return tuple(steps)


def _chain(case: Case) -> list[ExportNeed]:
    given = {a.step for a in case.approvals}
    return [
        ExportNeed(code=step, clause="second-person") for step in chain(case) if step not in given
    ]


ITS_OWN: Final = Refusal(
    code="own_request",
    reason="申请人不能批准自己的申请",
    reason_en="Nobody approves what they asked for",
    clause="second-person",
)
TWICE: Final = Refusal(
    code="approved_twice",
    reason="前一步已由你批准,这一步须由另一人批准",
    reason_en="You agreed to an earlier step; another person takes this one",
    clause="second-person",
)


def refuse_approval(case: Case, by: str) -> Refusal | None:
    """Say why somebody may not take the next step: the second person is never the first."""
    if by == case.asked_by:
        return ITS_OWN
    if any(a.by == by for a in case.approvals):
        return TWICE
    return None
