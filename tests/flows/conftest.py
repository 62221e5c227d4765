"""Flows run against the whole application."""

from tests.fixtures.hub import house, shared_house  # noqa: F401 - fixtures are found by their names
