"""Contract tests and conformance suite for the HTTP API of OSS Vectors.

The layers, lowest first: ``contract`` (the documents as data), ``cases``,
``wire`` and ``oracle``, ``suite``, ``verdicts``, ``report``, and the two doors
``plugin`` and ``cli``.  Each imports only what stands before it.
"""

__version__ = "0.1.0"
