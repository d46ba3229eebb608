"""Options as typed text: their forms, their records, and what is wrong with them, told all at once."""
