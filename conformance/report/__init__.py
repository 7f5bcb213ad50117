"""What people and machines read of a run, in every format, all written from one RunResult."""
