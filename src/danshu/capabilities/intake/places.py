"""Where an order goes and who it is for: store, customer, address, receiver, telephone, number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake.lines import of_kind

if TYPE_CHECKING:
    from danshu.capabilities.intake.state import Reading
    from danshu.capabilities.intake.tokens import Token

_KINDS: Final = ("store", "customer", "supplier", "device", "symptom")
_ADDRESS: Final = re.compile(
    r"[省市区县镇乡村路街道巷弄号楼室园院]|大厦|广场|中心|小区|公寓|大学|医院|仓库|工厂|厂|车间|门口|前台|家属院|工业区|码头"
)
_NUMBER: Final = re.compile(r"[::#\s是为]*([a-z0-9][a-z0-9/_-]{2,39})")
_NAME: Final = re.compile(
    r"[::\s是为]*([\u4e00-\u9fff·]{2,4}?)(?=电话|手机|联系|地址|送|收|签|[^\u4e00-\u9fff·]|$)"
)
_LEADING: Final = re.compile(r"^[\s:是]+")
_TRAILING: Final = re.compile(r"[吧啊呀哦谢了]+$")
_GIVE: Final = ("给", "帮")
_SEND: Final = "送发寄"
_STOPS: Final = ("time", "phone", "receiver", "note", "to", "number", "add", "want", "phone_is")


def match(reader: Reading, token: Token) -> None:
    """Keep a store, customer, device or symptom where its name stands."""
    for kind in _KINDS:
        choices = of_kind(reader.lexicon, token.value, kind)
        if choices and kind == "symptom":
            code = reader.lexicon.entries[choices[0].entry].code
            reader.symptoms.append(
                (code, reader.said(token.start, token.end), token.start, token.end)
            )
            return
        if choices:
            if token.value.exact or kind not in reader.matched:
                reader.matched[kind] = (choices, token.start, token.end)
            return


def read(reader: Reading, clause: list[Token]) -> list[Token]:
    """Take address, receiver and numbers out of a clause; gives the tokens that are left."""
    left: list[Token] = []
    n = 0
    while n < len(clause):
        token = clause[n]
        if token.has("to") or (token.has("at") and _goes_on(reader, clause[n + 1 :])):
            n += 1 + _address(reader, clause[n + 1 :])
        elif reader.said(token.start, token.end) in _GIVE and (taken := _given(reader, clause, n)):
            n += 1 + taken
        elif token.has("number") and (found := _NUMBER.match(reader.text, token.end)):
            reader.named["number"] = (found[1], found.start(1), found.end(1))
            n = _past(clause, n, found.end())
        elif token.has("receiver") and (found := _NAME.match(reader.text, token.end)):
            reader.named["receiver"] = (found[1], found.start(1), found.end(1))
            n = _past(clause, n, found.end())
        else:
            left.append(token)
            n += 1
    return left


def _given(reader: Reading, clause: list[Token], n: int) -> int:
    """Read where 给前台送 sends; gives the tokens between the two words, 0 = it gives nothing."""
    for i in range(n + 1, min(n + 6, len(clause))):
        if clause[i].has("want") and reader.said(clause[i].start, clause[i].end)[0] in _SEND:
            if not any(t.has("rest", "name") for t in clause[n + 1 : i]):
                return 0
            return _address(reader, clause[n + 1 : i])
        if clause[i].has("qty", "time") or not clause[i].has("rest", "one", "name", "fill"):
            return 0
    return 0


def _past(clause: list[Token], n: int, end: int) -> int:
    while n < len(clause) and clause[n].start < end:
        n += 1
    return n


def _goes_on(reader: Reading, following: list[Token]) -> bool:
    """Tell whether 到 or 在 leads an address rather than a shop of the directory."""
    if not following:
        return False
    first = following[0]
    touched = len(following) > 1 and following[1].has("rest") and following[1].start == first.end
    if first.has("name") and first.value.exact and not touched:
        return False
    size = _size(reader, following)
    return size > 0 and bool(
        _ADDRESS.search(reader.text, following[0].start, following[size - 1].end)
    )


def _size(reader: Reading, following: list[Token]) -> int:
    """Count the tokens that an address goes on for."""
    n = 0
    while n < len(following):
        t = following[n]
        if t.has(*_STOPS) and not t.has("fill", "at"):
            break
        if t.has("name") and n and of_kind(reader.lexicon, t.value, "sku") and t.value.exact:
            break
        if t.has("qty") and not t.has("bare") and _counts_goods(reader, following[n + 1 :]):
            break
        n += 1
    return n


def _counts_goods(reader: Reading, following: list[Token]) -> bool:
    return (
        bool(following)
        and following[0].has("name")
        and bool(of_kind(reader.lexicon, following[0].value, "sku"))
    )


def _address(reader: Reading, following: list[Token]) -> int:
    """Keep an address or the shop that it is; gives the number of tokens that it takes."""
    size = _size(reader, following)
    if size == 0:
        return 0
    first = following[0]
    if first.has("name") and size <= 2:
        kinds = [k for k in ("store", "customer") if of_kind(reader.lexicon, first.value, k)]
        if kinds:
            match(reader, first)
            return 1
    start, end = first.start, following[size - 1].end
    words = reader.said(start, end)
    kept = _TRAILING.sub("", words)
    for tail in ("谢谢", "送来", "可以", "就行", "就好", "哈"):
        kept = kept.removesuffix(tail)
    kept = _LEADING.sub("", kept)
    if kept:
        start = reader.text.index(kept, start)
        reader.named["address"] = (kept, start, start + len(kept))
    return size
