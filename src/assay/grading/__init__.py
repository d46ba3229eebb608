"""Floor 2: metrics, validation of prediction files, the grading process, checks and statistics."""
