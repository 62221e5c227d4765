"""Devices 设备: their normal state, what differs from it, what is ordered for it."""
