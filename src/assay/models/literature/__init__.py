"""Literature: papers on a question from four public indexes, their cache, and a pack that ships with the package."""

from assay.models.literature.fetch import Fetcher, SourceDown
from assay.models.literature.look_up import Addresses, Literature, cache_folder
from assay.models.literature.pack import PACK_DATED, close_in_pack, read_pack, search_pack
from assay.models.literature.paper import Found, Origin, Paper
from assay.models.literature.quoting import quoted

__all__ = [
    "PACK_DATED",
    "Addresses",
    "Fetcher",
    "Found",
    "Literature",
    "Origin",
    "Paper",
    "SourceDown",
    "cache_folder",
    "close_in_pack",
    "quoted",
    "read_pack",
    "search_pack",
]
