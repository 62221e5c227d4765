"""What the agent refuses, each with its reason in both languages and the clause that refused."""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import Refusal


def _no(code: str, reason: str, reason_en: str, clause: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause=f"agent.{clause}")


STOPPED: Final = _no(
    "agent_stopped",
    "已停用全部自动，什么都不执行",
    "The agent is stopped; nothing is carried out",
    "switch",
)
OVER: Final = _no(
    "proposal_over", "这条提案已有结果", "This proposal has been decided already", "state"
)
OPEN: Final = _no(
    "proposal_open",
    "同一件事已有一条待定的提案",
    "There is an open proposal about the same thing",
    "key",
)
EXPIRED: Final = _no("proposal_expired", "提案已过期", "The proposal has expired", "expires")
OWN: Final = _no(
    "own_proposal",
    "提案者不能批准自己的提案",
    "Whoever wrote some of a proposal does not approve it",
    "proposer",
)
NOT_A_PERSON: Final = _no(
    "approver_not_a_person",
    "这条提案只能由人批准",
    "This proposal is approved by people alone",
    "person",
)
TWICE: Final = _no(
    "approved_twice",
    "两次批准须是两个人",
    "Two approvals are of two people",
    "two",
)
OBSERVED: Final = _no(
    "only_observed",
    "这类动作只观察，不能批准",
    "This kind of action is only observed",
    "level",
)
NOT_DONE: Final = _no(
    "not_done", "还没有执行，无可撤销", "Nothing was done that could be taken back", "state"
)
NOT_APPROVED: Final = _no("not_approved", "还没有批准", "It has not been approved", "state")
NOT_AUTHOR: Final = _no(
    "not_the_author",
    "只有提案者能撤回，别人请拒绝",
    "Only its author withdraws a proposal; others refuse it",
    "proposer",
)
FIXED: Final = _no(
    "nothing_to_change",
    "这类动作没有可改的数量",
    "This kind of action has no quantity to change",
    "change",
)
OVER_BUDGET: Final = _no("over_budget", "超过今日额度", "Above the day's budget", "budget")
NOT_AUTOMATIC: Final = _no(
    "not_automatic", "这条提案要人批准", "This proposal asks for people", "approvers"
)
_EARN: Final = {
    "one_step": ("one_level_at_a_time", "自主等级一次升一级", "A level is raised one at a time"),
    "irreversible": (
        "never_automatic",
        "不可逆的动作永不自动",
        "What can't be taken back is never automatic",
    ),
    "too_few": (
        "not_earned",
        "采纳并计效的提案还不够",
        "Too few proposals were accepted and measured",
    ),
    "regretted": ("regretted", "后悔的提案太多", "Too many proposals were regretted"),
    "lost": ("lost_money", "实际收益合计为负", "Together they lost money"),
}


def not_earned(why: str, counted: int, wanted: int) -> Refusal:
    """Say why a level is not earned; `why` as `autonomy.why_not_raise` gives it."""
    code, zh, en = _EARN[why]
    if why == "too_few":
        zh, en = f"{zh}（{counted}/{wanted}）", f"{en} ({counted} of {wanted})"
    return _no(code, zh, en, "autonomy")
