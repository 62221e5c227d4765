"""Floor 1, 插座: what may be plugged in. One Protocol and its message Structs a file."""
