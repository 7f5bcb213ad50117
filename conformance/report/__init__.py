"""Terminal summary, JSON and JUnit, all written from one RunResult."""
