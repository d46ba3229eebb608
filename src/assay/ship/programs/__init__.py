"""Programs that are copied into solutions: they run there by themselves and import nothing of Assay."""
