"""Targets that are no OSS Vectors, lie about it, or break: every run against one ends soon, red and clear."""
