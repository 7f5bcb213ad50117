"""Everything between a request as data and the bytes on the wire."""
