"""Self-tests of the reference emulator."""
