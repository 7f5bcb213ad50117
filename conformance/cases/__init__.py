"""Requests to send, derived from the contract alone: no network, no state."""
