"""Named single faults of the reference emulator, and a runner that measures how well the suite finds them."""
