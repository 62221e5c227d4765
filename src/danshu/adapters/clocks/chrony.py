"""chrony: what the daemon that steers this machine's clock says of it (`chronyc -c tracking`)."""

from __future__ import annotations

import shutil
import subprocess
from typing import Final

from danshu.ports.clock import UNSYNCHRONISED, Reading

_COMMAND: Final = "chronyc"
_NAME, _STRATUM, _CORRECTION, _DELAY, _DISPERSION, _LEAP, _FIELDS = 1, 2, 4, 10, 11, 13, 14


class Chrony:
    """Reads chronyd. It has compared its sources already, so one reading is enough."""

    name: Final = "chrony"
    title: Final = "chrony"
    disciplines: Final = True

    def read(self, servers: tuple[str, ...], timeout_s: float) -> tuple[Reading, ...]:
        """Ask chronyd; () where chrony is not installed or does not run. `servers` are its own."""
        command = shutil.which(_COMMAND)
        if command is None:
            return ()
        try:
            done = subprocess.run(
                [command, "-c", "-n", "tracking"],
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ()
        return (parse(done.stdout),) if done.returncode == 0 and done.stdout.strip() else ()


def parse(line: str) -> Reading:
    """Read one line of `chronyc -c tracking`: 14 fields, times in seconds."""
    fields = line.strip().split(",")
    if len(fields) != _FIELDS:
        return Reading(source="chrony", trouble="unreadable")
    try:
        stratum = int(fields[_STRATUM])
        correction, delay, dispersion = (
            round(float(fields[n]) * 1e6) for n in (_CORRECTION, _DELAY, _DISPERSION)
        )
    except (ValueError, OverflowError):
        return Reading(source="chrony", trouble="unreadable")
    source = f"chrony/{fields[_NAME]}" if fields[_NAME] else "chrony"
    # chronyd that has never heard a source reports stratum 0 and "Not synchronised"
    if not 0 < stratum < UNSYNCHRONISED or fields[_LEAP] == "Not synchronised":
        return Reading(source=source, stratum=stratum, trouble="unsynchronised")
    return Reading(
        source=source,
        stratum=stratum,
        offset_us=correction,
        delay_us=max(0, delay),
        dispersion_us=max(0, dispersion),
    )
