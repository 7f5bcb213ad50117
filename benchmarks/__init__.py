"""Side by side with plain schemathesis: what a run costs, and what it finds for that."""
