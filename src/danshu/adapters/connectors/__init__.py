"""Adapters of the port `connector`: one file a kind of far side."""
