"""The two-stage tier: a generator, then synthesis by a policy, then a classifier. One generator a file."""
