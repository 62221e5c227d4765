"""Floor 0, 地基: what is true. No clock, no randomness, no SQL, no network."""
