"""What the playbook answers to the roles of the notebook strategies."""

from assay.models.playbook.notebook.answer import notebook_reply

__all__ = ["notebook_reply"]
