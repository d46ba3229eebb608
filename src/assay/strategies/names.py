"""Names of runs: two words that a person can say and type."""

from __future__ import annotations

import random
from pathlib import Path


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "amber brisk calm clear crisp deft eager early exact fair fine fresh gentle grand green happy keen kind light "
    "lively lucid mellow modest neat noble open patient plain prime proud quick quiet rapid ready sharp silent "
    "simple sober solid steady still stout subtle sunny swift tidy true vivid warm wise"
)
_SECOND = _words(
    "alder badger beaver birch bison cedar condor crane curlew dunlin egret falcon finch fox gannet hare hazel "
    "heron ibis jackdaw kestrel lark linnet lynx maple marten merlin oak osprey otter owl pine plover puffin raven "
    "robin rook rowan sable seal shrike siskin snipe stoat swift tern thrush vole walnut willow wren"
)


def new_name(runs: Path, rng: random.Random) -> str:
    """Return a name that no run in the folder `runs` has yet."""
    for _ in range(1_000):
        name = f"{rng.choice(_FIRST)}-{rng.choice(_SECOND)}"
        if not (runs / name).exists():
            return name
    return f"run-{rng.getrandbits(64):016x}"
