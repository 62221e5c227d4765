"""What is said to who is on the line: questions, and all of an order read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.intake.dialogue import Ending
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.intake.dialogue import Dialogue
    from danshu.ports.modality import Draft, Question

GREETING: Final = Words(
    zh="要订什么，直接说就行。说“转人工”可以随时找人。",
    en="Say what to order. Say “operator” at any time to speak to a person.",
)
NOT_HEARD: Final = Words(zh="没有听清，再说一遍。", en="That was not understood. Say it again.")
ORDERED: Final = Words(
    zh="已下单，编号尾数{tail}。再见。", en="Ordered, number ending in {tail}. Goodbye."
)
REVIEW: Final = Words(
    zh="记下了，工作人员核对后为这单下单。再见。",
    en="Noted. Somebody checks it before it is ordered. Goodbye.",
)
REFUSED: Final = Words(zh="没有下单。再见。", en="Nothing was ordered. Goodbye.")
PERSON: Final = Words(zh="转给工作人员处理。", en="Somebody will take over.")
READ_BACK: Final = Words(zh="{order}。对吗？", en="{order}. Is that right?")
QUESTIONS: Final[dict[str, Words]] = {
    "which_sku": Words(zh="“{said}”是哪一种？{offered}", en="Which one is “{said}”? {offered}"),
    "which_option": Words(zh="“{said}”是哪一种？{offered}", en="Which one is “{said}”? {offered}"),
    "how_many": Words(zh="“{said}”要几份？", en="How many of “{said}”?"),
    "which_store": Words(zh="是哪家门店？{offered}", en="Which store? {offered}"),
    "which_customer": Words(zh="是哪家客户？{offered}", en="Which customer? {offered}"),
    "where_to": Words(zh="送到哪里？", en="Where to?"),
    "which_order": Words(zh="说的是哪一单？", en="Which order is meant?"),
    "unclear": NOT_HEARD,
}
_OFFERED: Final = 4
_NTH: Final = Words(zh="{n}、{title}", en="{n}, {title}")
_END: Final = Words(zh="。", en=".")
_JOIN: Final = Words(zh="，", en=", ")


def pick(words: Words, lang: str) -> str:
    """Give the words in a language; whatever is not English is Chinese."""
    return words.en if lang == "en" else words.zh


def ask(question: Question, lang: str) -> str:
    """Say a question with what may be answered."""
    words = QUESTIONS.get(question.code, NOT_HEARD)
    offered = [
        pick(_NTH, lang).format(n=n, title=c.title or c.value)
        for n, c in enumerate(question.candidates[:_OFFERED], 1)
    ]
    told = pick(_JOIN, lang).join(offered)
    told = told + pick(_END, lang) if told else ""
    return pick(words, lang).format(said=question.said, offered=told)


def read_back(draft: Draft, titles: Mapping[str, str], lang: str) -> str:
    """Read all of a draft back; `titles` names its codes."""
    parts = [titles.get(draft.store, draft.store), titles.get(draft.customer, draft.customer)]
    for line in draft.lines:
        named = f"{line.quantity} {titles.get(line.sku, line.title or line.sku)}"
        options = [titles.get(o, o) for o in line.options]
        parts.append(pick(_JOIN, lang).join([named, *options, *line.remarks]))
    parts += [*draft.remarks, draft.address]
    order = pick(_JOIN, lang).join([p for p in parts if p])
    return pick(READ_BACK, lang).format(order=order)


def say(held: Dialogue, titles: Mapping[str, str], lang: str) -> str:
    """Say what comes next in a conversation that is open, or that ended without an order."""
    if held.ending is Ending.REFUSED:
        return pick(REFUSED, lang)
    if held.ending is Ending.PERSON:
        return pick(PERSON, lang)
    told = (
        read_back(held.parsed.draft, titles, lang) if held.asked is None else ask(held.asked, lang)
    )
    return f"{pick(NOT_HEARD, lang)}{told}" if held.unheard else told
