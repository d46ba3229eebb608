"""Telling a person who is away how a run is doing: over ntfy, a webhook, or a program of their own."""
