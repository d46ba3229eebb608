"""Config files of CellScientist, read as they are: its keys become options of `assay run` and `assay ideas`."""

from assay.cli.configs.applying import configured
from assay.cli.configs.reading import Config, read_config
from assay.cli.configs.settings import IdeaWishes, Settings, idea_wishes, settings_of
from assay.cli.configs.table import KEYS, Key, Phase

__all__ = [
    "KEYS",
    "Config",
    "IdeaWishes",
    "Key",
    "Phase",
    "Settings",
    "configured",
    "idea_wishes",
    "read_config",
    "settings_of",
]
