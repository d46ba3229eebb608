"""The built-in playbook: recipes that write the scripts a good practitioner would."""

from assay.models.playbook.cheat import CHEAT_TITLE, cheating_program
from assay.models.playbook.facts import Facts, Family, read_facts
from assay.models.playbook.model import Playbook
from assay.models.playbook.recipe import Recipe

__all__ = ["CHEAT_TITLE", "Facts", "Family", "Playbook", "Recipe", "cheating_program", "read_facts"]
