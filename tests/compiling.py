"""Compiles what routes, replans and watches orders, once, before many processes of tests do."""

from __future__ import annotations

from danshu.bench import country, replan
from danshu.capabilities.routing.decide import find_engine
from danshu.capabilities.routing.replan.solve import solve
from danshu.hub import sentinel_glance

ORDERS = 100  # so many are planned: a handful would not reach every function

if __name__ == "__main__":
    find_engine("numba")
    sentinel_glance.compile_all()
    solve(*replan.build(ORDERS, country.NORMAL, is_single=False))
