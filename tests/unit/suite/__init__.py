"""Self-tests of the suite's engine: names, resources, and the service that sends and judges."""
