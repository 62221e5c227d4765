"""Typed orders 文字订单: a chat message, the body of an e-mail, a note of a clerk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.ports.modality import Context, Original, Parsed

TROUBLE: Final = "instructions_inside"
# What is written at whoever reads by machine, in the words that such texts use. An order has no
# reason to say any of it; a person decides what it is.
_INSTRUCTIONS: Final = re.compile(
    r"(?:忽略|无视|忘记|不要理会)[^。!!\n]{0,12}(?:指令|提示|规则|要求|设定)"
    r"|(?:系统|开发者|管理员)\s*(?:提示词?|指令|消息|模式)"
    r"|你(?:现在)?是(?:一个|一名)?[^。\n]{0,12}(?:助手|模型|机器人|管理员|AI)"
    r"|(?:直接|自动)(?:通过|批准|审核通过|放行)|跳过(?:人工)?(?:审核|复核|确认)|无需(?:人工)?(?:审核|复核)"
    r"|(?:置信度|confidence)\s*(?:为|设为|=|:|:|is)"
    r"|ignore\s+(?:all\s+|any\s+)?(?:previous|prior|above|the)\b"
    r"|disregard\s+(?:all|any|previous|the)\b|system\s*prompt|you\s+are\s+(?:now\s+)?an?\s"
    r"|</?(?:system|assistant|user|instructions?)>|\[/?INST\]|<\|im_(?:start|end)\|>"
    r"|auto[- ]?approve|skip\s+(?:the\s+)?review|new\s+instructions?\s*:",
    re.IGNORECASE,
)
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_QUOTED: Final = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:Original Message|原始邮件)|发件人[::]|From:)", re.M
)


def has_instructions(text: str) -> bool:
    """Tell whether a text speaks to the machine that reads it, or hides characters from people."""
    return bool(_INSTRUCTIONS.search(text) or _UNSEEN.search(text))


class Text:
    """The adapter."""

    name = "text"
    title = "文字"
    title_en = "Text"
    version = "1"
    media_types = ("text/plain",)
    perceives = ()

    async def parse(self, original: Original, context: Context) -> Parsed:
        """Read a text; of an answered e-mail what stands above the quoted one."""
        try:
            text = original.body.decode()
        except UnicodeDecodeError as error:
            raise InputError("bad_utf8", "the text is not UTF-8") from error
        quoted = _QUOTED.search(text)
        own = text[: quoted.start()] if quoted and text[: quoted.start()].strip() else text
        parsed = context.understand(own)
        if has_instructions(text):
            parsed = replace(parsed, troubles=(*parsed.troubles, TROUBLE))
        return parsed
