"""Source mutants of the reference emulator: a measure of the suite that nobody chose with a requirement in mind."""
