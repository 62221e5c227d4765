"""Floor 2, 账房: what has been said. The one place that opens a transaction and commits."""
