"""Measures the suite by its silence on correct servers."""
