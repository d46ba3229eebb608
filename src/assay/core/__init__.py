"""Floor 0: the nouns of Assay as frozen records, without input or output."""
