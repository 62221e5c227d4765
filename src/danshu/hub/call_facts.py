"""What is said about the telephone."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("telephone.voice.set")
class TelephoneVoiceSet(Struct, frozen=True, kw_only=True):
    """电话语音设定: this voice says from now on what callers hear; secrets are never in facts."""

    adapter: str
    url: str
