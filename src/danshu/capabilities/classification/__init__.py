"""分类分级 classification: what a field or a text holds, at which level of sensitivity, and why."""
