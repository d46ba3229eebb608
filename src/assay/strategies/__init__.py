"""Floor 5: which operator is next, and the one place where a run is put together."""
