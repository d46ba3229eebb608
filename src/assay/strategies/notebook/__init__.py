"""The strategies `notebook` and `notebook_review`: notebooks written and analysed, or one improved cell by cell."""
