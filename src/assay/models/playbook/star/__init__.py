"""The playbook's answers to the roles of the strategy `mle_star` (Nam et al. 2025, arXiv:2506.15692)."""

from assay.models.playbook.star.answer import star_reply

__all__ = ["star_reply"]
