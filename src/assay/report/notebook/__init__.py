"""Files of the notebook strategies in a run folder, made from the journal alone; and their section of the report."""
