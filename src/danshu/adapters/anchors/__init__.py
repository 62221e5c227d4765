"""Evidence platforms: one file, one kind of platform."""
