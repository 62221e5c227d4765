"""Skills: what the agent proposes, one file each (port `skill`)."""
