"""Transfer orders 调拨单: stock on its way from one warehouse to another.

Planned (the units are reserved at the source), dispatched (they are in transit to the target),
received with what was short, over and damaged; or cancelled before it leaves.
"""
