"""The lab's pure parts: what its journal shows, what its rules say, and what its two roles are told."""
