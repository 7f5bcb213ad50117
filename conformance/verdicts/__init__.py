"""Outcomes per requirement, known deviations and the exit code."""
