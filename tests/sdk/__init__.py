"""The official Python SDK, unmodified, against the reference emulator."""
