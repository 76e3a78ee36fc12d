"""Controls: what any generator has to beat. One idea a file."""
