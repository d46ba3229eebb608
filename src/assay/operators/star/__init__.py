"""Operators of the strategy `mle_star`: each asks one role, under the key of the step's part that it is given."""
