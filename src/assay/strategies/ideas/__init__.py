"""Ideas: notebooks look into the data, the engine checks what they state, and ideas follow from what holds."""

from assay.strategies.ideas.find import Found, find_ideas
from assay.strategies.ideas.options import IdeaOptions
from assay.strategies.ideas.package import read_package, write_package
from assay.strategies.ideas.scoring import WEIGHTS

__all__ = ["WEIGHTS", "Found", "IdeaOptions", "find_ideas", "read_package", "write_package"]
