"""A program on this machine as the model: which one it is, how it is started, and what it answers."""
