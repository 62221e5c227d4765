"""Sound as telephones carry it."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from danshu.capabilities.intake import telephony
from danshu.capabilities.intake.telephony import Turn


@pytest.mark.parametrize(
    ("code", "sample"),
    # the ends and the middle of the table of ITU-T G.711, scaled to 16 bits
    [(0x00, -32_124), (0x80, 32_124), (0x7F, 0), (0xFF, 0), (0x70, -120), (0xEF, 132)],
)
def test_mu_law(code: int, sample: int) -> None:
    assert np.frombuffer(telephony.decode_mu_law(bytes([code])), "<i2")[0] == sample


def test_a_wav_is_one() -> None:
    with wave.open(io.BytesIO(telephony.write_wav(b"\x01\x00" * 80))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8_000, 1, 80)


def tone(ms: int, amplitude: float, seed: int = 1) -> bytes:
    at = np.arange(8 * ms)
    noise = np.random.default_rng(seed).normal(0, 20, at.size)
    return (amplitude * np.sin(at * 0.5) + noise).astype("<i2").tobytes()


def test_a_turn_is_over_after_a_pause_and_the_next_begins() -> None:
    turn = Turn(pause_ms=600, most_ms=10_000)
    assert turn.hear(tone(3_000, 0)) == []  # a line that is only noise says nothing
    assert turn.hear(tone(800, 6_000)) == []
    assert turn.hear(tone(300, 0)) == []  # a breath is no end
    assert turn.hear(tone(500, 6_000)) == []
    (said,) = turn.hear(tone(700, 0))
    assert 1_600 <= len(said) // 16 <= 2_900
    assert turn.hear(tone(900, 0)) == []
    both = tone(400, 6_000) + tone(700, 0) + tone(400, 6_000) + tone(700, 0)
    assert len(turn.hear(both)) == 2


def test_who_never_stops_is_cut_and_odd_pieces_are_joined() -> None:
    turn, whole = Turn(pause_ms=600, most_ms=2_000), tone(4_100, 6_000)
    pieces = [whole[at : at + 333] for at in range(0, len(whole), 333)]
    ended = [len(said) // 16 for piece in pieces for said in turn.hear(piece)]
    assert ended == [2_000, 2_000]
