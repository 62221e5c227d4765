"""What a move of policy sets is refused for."""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import Refusal


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="routing.policy")


PUBLISHED: Final = _no(
    "policy_published", "一模一样的策略已经发布过", "The very same set is published already"
)
RULES: Final = _no("policy_live", "这套策略正在生效", "That set rules already")
NOTHING_BEFORE: Final = _no(
    "policy_nothing_before", "之前没有生效的策略,无可回滚", "Nothing ruled before: no way back"
)
