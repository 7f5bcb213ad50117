"""The subcommands of ``oss-vectors-conformance``, one module each with ``SUMMARY`` and ``main``."""
