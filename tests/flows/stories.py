"""What every story is held to. Stories are told in three files, so that workers share them."""

from __future__ import annotations

from danshu.stories import telling
from danshu.stories.stage import open_stage

SHARES = 3


def share(nth: int) -> list[telling.Story]:
    """Give the stories of one file."""
    return list(telling.STORIES[nth::SHARES])


def check(story: telling.Story, database: str) -> None:
    """Tell a story on servers of its own: every claim holds, and it says where to look."""
    voice = telling.Voice()
    with open_stage(story.servers, url=database) as stage:
        assert len(stage.servers) == story.servers
        telling.tell(story, stage, voice)
    assert [claim for claim in voice.claims if not claim.holds] == []
    assert len(voice.claims) > 8
    assert voice.holds
    assert voice.look
