"""Models: whoever answers roles, be it a provider's language model, recordings, a script or the playbook."""

from assay.models.opening import open_model

__all__ = ["open_model"]
