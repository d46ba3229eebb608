"""The verbs of the command line by what they do. Each function only gathers what was typed and calls its command."""
