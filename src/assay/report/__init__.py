"""Floor 6: reports, tables and the files of a run folder, as pure functions of the journal."""
