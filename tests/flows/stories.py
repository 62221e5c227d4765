"""What every story is held to. Stories are told in three files, so that workers share them.

The stories of a file play one after the other on the same servers, each on a fresh merchant, as on
a hub that somebody runs. One that needs more servers gets the others for as long as it plays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from danshu.stories import telling
from danshu.stories.stage import Stage, open_stage
from tests.fixtures import engine as stores
from tests.fixtures.hub import assets_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.engine import Engine

SHARES = 3


def share(nth: int) -> list[telling.Story]:
    """Give the stories of one file."""
    return list(telling.STORIES[nth::SHARES])


@pytest.fixture(scope="module")
def stage(engine: Engine, template: str) -> Iterator[Stage]:
    """The servers and the worker that a file's stories share."""
    with (
        stores._fresh(engine, template) as make,
        assets_apart(),
        open_stage(1, url=make()) as opened,
    ):
        yield opened


def check(story: telling.Story, stage: Stage) -> None:
    """Tell a story: every claim holds, and it says where to look."""
    voice = telling.Voice()
    if len(stage.servers) < story.servers:
        with open_stage(story.servers - len(stage.servers), url=stage.url) as more:
            both = replace(stage, servers=(*stage.servers, *more.servers))
            telling.tell(story, both, voice)
    else:
        telling.tell(story, stage, voice)
    assert [claim for claim in voice.claims if not claim.holds] == []
    assert len(voice.claims) > 8
    assert voice.holds
    assert voice.look
