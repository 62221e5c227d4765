"""What is asked of connectors and what they give: one module a capability, shared by its adapters.

Amounts are minor units, times RFC 3339.
"""
