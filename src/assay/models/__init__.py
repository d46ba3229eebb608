"""Models: whoever answers roles, be it a provider's language model, recordings, a script or the playbook."""

from assay.models.opening import address_for, can_search, open_model

__all__ = ["address_for", "can_search", "open_model"]
