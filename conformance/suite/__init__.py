"""The conformance tests and what they run on: one service under test, one judge, one ledger."""
