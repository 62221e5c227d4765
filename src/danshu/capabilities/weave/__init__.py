"""The weave 编织, what is pure of it: telling, asking, swapping, watching."""
