"""Operators of the strategies `notebook` and `notebook_review`: what to do, the cells that do it, what to edit."""
