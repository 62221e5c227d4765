"""What the world is told: one file is one type of event."""
