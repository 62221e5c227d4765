"""Digital twin 数字孪生: the floor, a physical model of its cold zones, and S4, the judge that only
vetoes.
"""

from danshu.capabilities.routing.twin.judge import horizons, judge, veto

__all__ = ["horizons", "judge", "veto"]
