"""声纹: how alike two voices are. Pure numbers: an item of evidence, never a signature."""
