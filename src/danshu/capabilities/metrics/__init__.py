"""口径 metrics: formulas in versions, what they read, what became of a figure as of a day."""
