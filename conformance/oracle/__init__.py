"""What must come back: the one judge of every exchange."""
