"""Buses that events are relayed to."""
