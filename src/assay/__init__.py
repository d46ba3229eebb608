"""Assay: autonomous ML engineering that counts only what it has tested itself."""

__version__ = "0.1.0"
