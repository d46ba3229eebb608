"""Floor 3: the only place where effects are ordered."""
