"""Compiles what orders are routed and replanned with, once, before many tests' processes do."""

from __future__ import annotations

from danshu.bench import country, replan
from danshu.capabilities.routing.decide import find_engine
from danshu.capabilities.routing.replan.solve import solve

ORDERS = 100  # so many are planned: a handful would not reach every function

if __name__ == "__main__":
    find_engine("numba")
    solve(*replan.build(ORDERS, country.NORMAL, is_single=False))
