"""How the playbook plays the lab's worker and mentor on a repository that declares its options."""

from assay.models.playbook.lab.reply import lab_reply

__all__ = ["lab_reply"]
