"""Floor 7: thin commands; everything that they do is done by the floors below.

`assay --help` must come up at once, so nothing heavy is imported before a verb is known.
"""

from assay.cli.boundary import main

__all__ = ["main"]
