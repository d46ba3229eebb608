"""Floor 7: what leaves a run, and what is looked at from outside: solutions, their verification, audits, replays."""
