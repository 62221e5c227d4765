"""May it be done, and what is missing? State + evidence + now -> refusals. Pure: no clock.

Each refusal names the clause of the action type that it rests on (`outbound_review@1/who/roles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.contract.actions.model import GRADES
from danshu.capabilities.contract.model import Texts
from danshu.capabilities.contract.performing import evidence
from danshu.capabilities.contract.performing.assertion import NO_PASSKEY
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.contract.performing.model import Doer, Goods, Item, PastAct

Words = Mapping[str, Texts]
_NO_WORDS: Final[Words] = {}
GRADE_WORDS: Final = {
    "A": ("本人签署", "signed by the person"),
    "B": ("登录会话", "a person's session"),
    "C": ("系统密钥", "a system's key"),
    "D": ("第三方转述", "a third party's word"),
}


def _call(words: Words, code: str) -> Texts:
    return words.get(code) or Texts(zh=code, en=code)


def no(action: Action, path: str, code: str, zh: str, en: str) -> Refusal:
    """Make a refusal that names the clause of the action type."""
    clause = f"{action.action}@{action.version}/{path}"
    return Refusal(code=code, reason=zh, reason_en=en, clause=clause)


def may(
    action: Action,
    doer: Doer,
    past: Sequence[PastAct],
    *,
    applies: bool,
    fulfilment: int = 0,
    words: Words = _NO_WORDS,
) -> tuple[Refusal, ...]:
    """Say why somebody may not do an action on an order, whatever they bring; nothing when they
    may. `words` are what roles and actions are called, by their code.
    """
    found = [
        _kind(action),
        None
        if applies
        else no(
            action,
            "applies",
            "not_for_this_order",
            "这项动作不适用于这张订单",
            "The action does not apply to this order",
        ),
        _role(action, doer, words),
        _proof(action, doer),
        *_certificates(action, doer),
        *_separation(action, doer, past, words),
        *_requires(action, past, fulfilment, words),
        _again(action, past, fulfilment),
    ]
    return tuple([refusal for refusal in found if refusal])


def _kind(action: Action) -> Refusal | None:
    if action.deontic.type != "prohibition":
        return None
    return no(
        action,
        "deontic/type",
        "prohibited",
        "这是禁止的动作",
        "This is forbidden, never to be done",
    )


def _role(action: Action, doer: Doer, words: Words) -> Refusal | None:
    wanted = action.who.roles
    if set(wanted) & {*doer.roles, *doer.lent}:
        return None
    called = [_call(words, role) for role in wanted]
    return no(
        action,
        "who/roles",
        "role_may_not",
        f"要由{'、'.join(c.zh for c in called)}来做;请他们做,或请其中一位授权代办",
        f"It is for {', '.join(c.en for c in called)}: ask one of them to do it, or to delegate it",
    )


def _grade(action: Action, grade: str) -> Refusal | None:
    """Refuse a proof that is weaker than what is asked for; it is never noted as a stronger one."""
    wanted = action.who.grade
    if GRADES.index(grade) <= GRADES.index(wanted):
        return None
    (zh, en), (is_zh, is_en) = GRADE_WORDS[wanted], GRADE_WORDS[grade]
    return no(
        action,
        "who/grade",
        "grade_too_weak",
        f"要求等级 {wanted}({zh}),现在是 {grade}({is_zh})",
        f"Grade {wanted} ({en}) is asked for, this is {grade} ({is_en})",
    )


def _proof(action: Action, doer: Doer) -> Refusal | None:
    """Refuse who can give no proof that is strong enough; a person hears how to come by one."""
    refusal = _grade(action, doer.grade)
    if refusal and (doer.grade, action.who.grade) == ("B", "A"):
        return replace(NO_PASSKEY, clause=refusal.clause)
    return refusal


def _certificates(action: Action, doer: Doer) -> list[Refusal]:
    return [
        no(
            action,
            "who/certificates",
            "certificate_missing",
            f"要持有证书「{each}」,名下没有有效的;请管理员登记",
            f"The certificate {each!r} is asked for and none is valid: ask an admin to record it",
        )
        for each in action.who.certificates
        if each not in doer.certificates
    ]


def _separation(action: Action, doer: Doer, past: Sequence[PastAct], words: Words) -> list[Refusal]:
    """One pair of hands may not hold both: nor by lending the right to somebody."""
    mine = {doer.sub, doer.delegated_by} - {""}
    done = {p.action for p in past if mine & {p.sub, p.delegated_by}}
    return [
        no(
            action,
            "who/separation_from",
            "same_person",
            f"做过「{_call(words, each).zh}」的人不能再做这一步,换一个人",
            f"Who did {_call(words, each).en!r} on this order may not do this too",
        )
        for each in action.who.separation_from
        if each in done
    ]


def _requires(
    action: Action, past: Sequence[PastAct], fulfilment: int, words: Words
) -> list[Refusal]:
    done = {p.action for p in past if not p.undone and _meets(p, fulfilment)}
    return [
        no(
            action,
            "requires",
            "required_first",
            f"先做「{_call(words, each).zh}」",
            f"{_call(words, each).en!r} comes first",
        )
        for each in action.requires
        if each not in done
    ]


def _again(action: Action, past: Sequence[PastAct], fulfilment: int) -> Refusal | None:
    """An achievement is done once, for the whole order or for each fulfilment order."""
    if action.deontic.type != "achievement":
        return None
    same = [p for p in past if p.action == action.action and _meets(p, fulfilment)]
    if all(p.undone for p in same):
        return None
    return no(
        action, "deontic/type", "done_already", "这项动作已经做成", "The action has been done"
    )


def _meets(past: PastAct, fulfilment: int) -> bool:
    """Tell whether two acts are about the same: the whole order, or one fulfilment order."""
    return not fulfilment or past.fulfilment in (0, fulfilment)


def complete(
    action: Action,
    doer: Doer,
    items: Sequence[Item],
    goods: Sequence[Goods],
    *,
    grade: str,
    began_ms: int,
    now_ms: int,
) -> tuple[Refusal, ...]:
    """Say what is missing to finish it: evidence by clause, time that it must have taken, grade.

    No triple of time, subject and evidence, no fact.
    """
    found: list[Refusal | None] = [
        *evidence.missing(action, items, goods, now_ms),
        _pace(action, items, began_ms, now_ms, grade),
        _grade(action, grade),
    ]
    if not doer.sub:
        found.append(no(action, "who", "nobody", "没有主体", "Nobody did it"))
    return tuple([refusal for refusal in found if refusal])


def _pace(
    action: Action, items: Sequence[Item], began_ms: int, now_ms: int, grade: str
) -> Refusal | None:
    """Refuse what went too fast. Where a person signs, only the server's clock counts; otherwise a
    device's claimed times may lengthen it, and the fact says that its clock is a device's.
    """
    measure = action.measure
    if measure is None:
        return None
    took = duration_ms(action, items, began_ms, now_ms, claimed=grade != "A")
    if took is None or took >= measure.min_ms:
        return None
    left = (measure.min_ms - took + 999) / 1000
    return no(
        action,
        "measure",
        "too_fast",
        f"从{measure.start}到{measure.end}至少 {measure.min_ms / 1000:g} 秒,还差 {left:g} 秒",
        f"From {measure.start} to {measure.end} takes {measure.min_ms / 1000:g} s at least,"
        f" {left:g} s more",
    )


def duration_ms(
    action: Action, items: Sequence[Item], began_ms: int, now_ms: int, *, claimed: bool
) -> int | None:
    """Measure from the start to the end that the type names; None when the start has not come."""
    measure = action.measure
    start, end = (measure.start, measure.end) if measure else ("task.opened", "sign")
    first = _moment(start, items, began_ms, now_ms, claimed=claimed)
    last = _moment(end, items, began_ms, now_ms, claimed=claimed)
    return None if first is None or last is None else max(0, last - first)


def _moment(
    word: str, items: Sequence[Item], began_ms: int, now_ms: int, *, claimed: bool
) -> int | None:
    if word == "task.opened":
        return began_ms
    if word in ("scan.first", "scan.last", "evidence.last"):
        of = [i for i in items if word == "evidence.last" or "scan" in i.kind]
        if not of:
            return None
        times = [i.collected_ms if claimed else i.at_ms for i in of]
        return min(times) if word == "scan.first" else max(times)
    return now_ms
