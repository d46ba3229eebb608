"""Floor 4: one step each, from a history and candidates to a candidate; and the prompts of the roles."""
