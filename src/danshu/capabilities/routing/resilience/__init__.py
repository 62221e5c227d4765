"""Resilience 业务韧性: how near a warehouse is to failing, and what its loss would cost."""
