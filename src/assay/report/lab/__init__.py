"""What a lab did and found, told for readers: the section of the report, the paper, and their plots."""
