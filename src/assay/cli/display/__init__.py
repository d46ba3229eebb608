"""What a person sees while a run works: a live panel, dated lines, or a stream of JSON objects."""
