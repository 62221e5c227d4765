"""契约动作: what people and systems do for an order, as types with meaning. Pure."""
