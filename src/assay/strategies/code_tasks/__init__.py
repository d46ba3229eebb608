"""Code tasks: run what agents wrote, and believe only evidence."""
