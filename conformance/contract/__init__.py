"""The contract: loads and cross-checks ``openapi/`` into typed objects."""
