"""What several tests use: comparators, oracles, independent truth."""
