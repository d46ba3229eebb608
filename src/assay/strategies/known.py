"""The names of the strategies; light, since the command line reads it at every start."""

STRATEGIES = ("tree", "mle_star")
"""Names that `--strategy` takes, the default first."""
