"""Self-tests of the oracle: a small fake service and the judge that watches it."""
