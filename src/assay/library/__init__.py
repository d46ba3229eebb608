"""Assay from Python, for notebooks and programs: `from assay import run, open_run`.

Everything here goes through the command line and its JSON, in a process of its own: a run that is started from a
notebook is the run that a terminal would have started, and every verb works on it from there, too.
"""
