"""Loads the conformance plugin, so that ``pytest conformance --endpoint ...`` works in a checkout."""

pytest_plugins = ["conformance.plugin"]
