"""Judging: the statistics of the verdict module applied to the trials of a run, confirmation runs included."""

from __future__ import annotations
