"""Floor 7: the dashboard over the journals of a folder of runs. It reads; for its owner it tells, skips and stops."""
