"""Floor 7: the dashboard over the journals of a folder of runs. It reads; the one thing it can do is to tell."""
