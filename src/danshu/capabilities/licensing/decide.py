"""What a licence permits, pure: terms + what is asked -> yes or a Refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.licensing.model import day_of
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import LICENCE_DAYS

if TYPE_CHECKING:
    import datetime

    from danshu.capabilities.licensing.model import Asked, LicenceTerms, RightEntry, State, Used

NO_LICENCE: Final = Refusal(
    code="no_licence", reason="没有许可这次使用的授权",
    reason_en="No licence permits this use", clause="licence.asset",
)  # fmt: skip
SAME_PERSON: Final = Refusal(
    code="same_person", reason="起草人不能审批自己的授权",
    reason_en="It takes two: whoever drafted a licence cannot approve it", clause="licence.approve",
)  # fmt: skip
PERSONS_ONLY: Final = Refusal(
    code="persons_only", reason="授权要由人本人审批",
    reason_en="A licence is approved by a person, not by a key", clause="licence.approve",
)  # fmt: skip
TERMS_MOVED: Final = Refusal(
    code="terms_moved", reason="条款已被改过,先看新的",
    reason_en="The terms were changed: look at them first", clause="licence.terms",
)  # fmt: skip
NO_RIGHT: Final = Refusal(
    code="no_right", reason="该资产没有登记权属,不能对外授权",
    reason_en="No right in this asset is registered: it cannot be licensed",
    clause="rights_register.asset",
)  # fmt: skip
NOT_OPERATED: Final = Refusal(
    code="not_operated", reason="登记的权属不含数据产品经营权,不能对外授权",
    reason_en="The registered rights do not include operating it as a product",
    clause="rights_register.rights",
)  # fmt: skip
RIGHT_ENDS: Final = Refusal(
    code="right_ends", reason="授权期超出本方权利的期限",
    reason_en="The licence would outlast the merchant's own right", clause="rights_register.until",
)  # fmt: skip
ANSWERED: Final = Refusal(
    code="answered", reason="这份授权已经审批、驳回或终止",
    reason_en="This licence was approved, declined or ended already", clause="licence.state",
)  # fmt: skip
NOT_ACTIVE: Final = Refusal(
    code="not_active", reason="授权未生效或已终止",
    reason_en="The licence is not in force, or was ended", clause="licence.state",
)  # fmt: skip
NOT_YET: Final = Refusal(
    code="not_yet", reason="授权期尚未开始", reason_en="The licence has not begun yet",
    clause="licence.since",
)  # fmt: skip
EXPIRED: Final = Refusal(
    code="licence_ended", reason="授权期已满", reason_en="The licence has run out",
    clause="licence.until",
)  # fmt: skip
OTHER_PURPOSE: Final = Refusal(
    code="other_purpose", reason="用途不在授权之内",
    reason_en="The licence is for another purpose", clause="licence.purpose",
)  # fmt: skip
OTHER_COLUMNS: Final = Refusal(
    code="other_columns", reason="有的列不在授权之内",
    reason_en="Some columns are not licensed", clause="licence.columns",
)  # fmt: skip
OTHER_TERRITORY: Final = Refusal(
    code="other_territory", reason="该国家或地区不在授权之内",
    reason_en="The country is not within the licence", clause="licence.territory",
)  # fmt: skip
NO_FILES: Final = Refusal(
    code="no_files", reason="这份授权只限洁净室查询,不交付文件",
    reason_en="This licence is for the clean room alone: no files", clause="licence.columns",
)  # fmt: skip
NO_QUERIES: Final = Refusal(
    code="no_queries", reason="这份授权不含洁净室查询",
    reason_en="This licence has no clean room", clause="licence.clean_room",
)  # fmt: skip
OVER_ROWS: Final = Refusal(
    code="over_quota", reason="超出授权的每日行数", reason_en="More rows than licensed for a day",
    clause="licence.rows_day",
)  # fmt: skip
OVER_QUERIES: Final = Refusal(
    code="over_quota", reason="超出授权的每日查询次数",
    reason_en="More queries than licensed for a day", clause="licence.queries_day",
)  # fmt: skip
TOO_CLEAR: Final = Refusal(
    code="too_identifiable", reason="同类人数不足授权约定的下限",
    reason_en="Fewer people look alike than the licence asks for", clause="licence.k",
)  # fmt: skip
_PERSON: Final = "person:"


def check(terms: LicenceTerms) -> None:
    """Look whether terms make sense. Raises InputError."""
    if terms.until < terms.since:
        raise InputError("bad_terms", "it ends before it begins", "/until")
    if (terms.until - terms.since).days > LICENCE_DAYS:
        raise InputError("bad_terms", f"a licence runs {LICENCE_DAYS} days at most", "/until")
    if not terms.columns and terms.clean_room is None:
        raise InputError("bad_terms", "neither columns nor a clean room", "/columns")
    if terms.clean_room is not None and not terms.queries_day:
        raise InputError("bad_terms", "a clean room without queries", "/queries_day")
    if terms.columns and not terms.rows_day:
        raise InputError("bad_terms", "columns without rows", "/rows_day")
    if len(set(terms.columns)) < len(terms.columns):
        raise InputError("twice", "a column is named twice", "/columns")


def approve(
    terms: LicenceTerms,
    state: State,
    drafted_by: str,
    approver: str,
    right: RightEntry | None,
    now_ms: int,
) -> Refusal | None:
    """Tell why a second person may not let a licence come into force; None when they may."""
    if state != "draft":
        return ANSWERED
    if not approver.startswith(_PERSON):
        return PERSONS_ONLY
    if approver == drafted_by:
        return SAME_PERSON
    if right is None:
        return NO_RIGHT
    if "operate" not in right.rights:
        return NOT_OPERATED
    if right.until is not None and right.until < terms.until:
        return RIGHT_ENDS
    return EXPIRED if terms.until < day_of(now_ms) else None


def permit(terms: LicenceTerms, state: State, used: Used, asked: Asked) -> Refusal | None:
    """Tell why a licence does not permit what is asked, None when it does; `used` of that day."""
    if asked.recipient != terms.recipient.code or asked.asset != terms.asset:
        return NO_LICENCE
    if state != "active":
        return NOT_ACTIVE
    day = day_of(asked.at_ms)
    if day < terms.since:
        return NOT_YET
    if day > terms.until:
        return EXPIRED
    if asked.purpose != terms.purpose:
        return OTHER_PURPOSE
    where = terms.territory or (terms.recipient.country,)
    if asked.country and asked.country not in where:
        return OTHER_TERRITORY
    if asked.kind == "query":
        if terms.clean_room is None:
            return NO_QUERIES
        return OVER_QUERIES if used.queries >= terms.queries_day else None
    if not terms.columns:
        return NO_FILES
    if not set(asked.columns) <= set(terms.columns):
        return OTHER_COLUMNS
    return OVER_ROWS if used.rows + asked.rows > terms.rows_day else None


def standing(terms: LicenceTerms, state: State, day: datetime.date) -> str:
    """Say how a licence stands on a day: its state, and for an active one `waiting` before it
    begins, `expired` after its last day.
    """
    if state != "active":
        return state
    if day < terms.since:
        return "waiting"
    return "expired" if day > terms.until else "active"
