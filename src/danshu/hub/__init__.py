"""Floor 4, 枢: where capabilities meet."""
