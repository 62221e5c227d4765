"""Port `clock`: servers that answer, lie, say nothing; chrony's own words."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from danshu.hub import timing
from danshu.ports import registry
from danshu.ports.clock import Clock, Reading
from danshu.testing.ntp import NtpServer, open_ntp

HALF_S = 500_000
TRACKING = (
    "D20F0A01,ntp.ntsc.ac.cn,2,1795345190.123456789,-0.000412000,0.000001000,0.000200000,"
    "-12.345,0.001,0.020,0.001200000,0.000300000,64.2,Normal"
)


@pytest.fixture
def sntp() -> Clock:
    return cast("Clock", registry.load("clock", "sntp"))


@pytest.fixture
def servers() -> Iterator[tuple[NtpServer, NtpServer]]:
    with open_ntp() as first, open_ntp() as second:
        yield first, second


def test_what_a_server_says(sntp: Clock, servers: tuple[NtpServer, NtpServer]) -> None:
    right, fast = servers
    fast.offset_us = HALF_S
    fast.stratum = 3
    one, two = sntp.read((right.address, fast.address), 5)
    assert (one.source, one.stratum, one.trouble) == (right.address, 2, "")
    assert two.stratum == 3
    # the server says 400 and 300; the way there is added to the delay
    assert one.delay_us >= right.root_delay_us - 1
    assert one.dispersion_us >= right.root_dispersion_us
    assert abs(one.offset_us) <= one.distance_us  # both read this machine's clock
    assert abs(two.offset_us - HALF_S) <= two.distance_us
    assert one.error_us == abs(one.offset_us) + one.delay_us // 2 + one.dispersion_us


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"stratum": 16}, "unsynchronised"),
        ({"stratum": 0}, "unsynchronised"),  # a kiss of death
        ({"silent": True}, "silent"),
        ({"stale": True}, "unreadable"),  # the answer to another question
    ],
)
def test_what_is_no_reading(
    sntp: Clock, servers: tuple[NtpServer, NtpServer], changes: dict[str, object], trouble: str
) -> None:
    server, other = servers
    for name, value in changes.items():
        setattr(server, name, value)
    one, two = sntp.read((server.address, other.address), 0.3)
    assert (one.trouble, two.trouble) == (trouble, "")


def test_who_is_not_there(sntp: Clock) -> None:
    assert [r.trouble for r in sntp.read(("127.0.0.1:9", "[::1]:9", "no port:x"), 0.2)] == [
        "silent"
    ] * 3
    assert sntp.read((), 0.2) == ()


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        (
            TRACKING,
            Reading(
                source="chrony/ntp.ntsc.ac.cn",
                stratum=2,
                offset_us=-412,
                delay_us=1_200,
                dispersion_us=300,
            ),
        ),
        (
            "7F7F0101,,0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised",
            Reading(source="chrony", stratum=0, trouble="unsynchronised"),
        ),
        (
            TRACKING.replace(",2,", ",16,"),
            Reading(source="chrony/ntp.ntsc.ac.cn", stratum=16, trouble="unsynchronised"),
        ),
        ("506 Cannot talk to daemon", Reading(source="chrony", trouble="unreadable")),
        (TRACKING.replace("0.001200000", "nan"), Reading(source="chrony", trouble="unreadable")),
    ],
)
def test_chrony(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, reading: Reading
) -> None:
    """Through the command itself: a chronyc that says one line."""
    command = tmp_path / "chronyc"
    command.write_text(f"#!/bin/sh\n[ \"$*\" = '-c -n tracking' ] && echo '{line}'\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    chrony = cast("Clock", registry.load("clock", "chrony"))
    assert chrony.read((), 5) == (reading,)


def test_chrony_that_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chrony = cast("Clock", registry.load("clock", "chrony"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chrony.read((), 5) == ()
    (tmp_path / "chronyc").write_text("#!/bin/sh\necho '506 Cannot talk to daemon'; exit 1\n")
    (tmp_path / "chronyc").chmod(0o755)
    assert chrony.read((), 5) == ()


def says(source: str, offset_us: int = 0, trouble: str = "") -> Reading:
    return Reading(
        source=source,
        stratum=2,
        offset_us=offset_us,
        delay_us=2_000,
        dispersion_us=1_000,
        trouble=trouble,
    )


@pytest.mark.parametrize(
    ("readings", "wanted", "source", "trouble"),
    [
        ([says("a"), says("b", 900), says("c", HALF_S)], 2, "a", ""),
        ([says("a"), says("c", HALF_S)], 2, "", "disagree"),
        ([says("a"), says("b", 0, "silent"), says("c", 0, "silent")], 2, "", "silent"),
        ([says("a", -77)], 1, "a", ""),
        ([says("a", 0, "unsynchronised"), says("b")], 2, "", "unsynchronised"),
        ([says("a", 0, "unreadable"), says("b", 0, "unreadable")], 2, "", "silent"),
    ],
)
def test_who_speaks_for_the_clock(
    readings: list[Reading], wanted: int, source: str, trouble: str
) -> None:
    sample = timing.select(readings, wanted, 7)
    assert (sample.source, sample.trouble, sample.step_us) == (source, trouble, 7)
    if source:
        chosen = next(r for r in readings if r.source == source)
        assert (sample.offset_us, sample.error_us) == (chosen.offset_us, chosen.error_us)
