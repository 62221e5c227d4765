"""The fact type of routing: what was decided, on which inputs, against what else."""

from __future__ import annotations

from danshu.capabilities.routing.decide import Decision
from danshu.kernel.fact import fact_type

RouteDecided = fact_type("route.decided")(Decision)
