"""Records -> Cohort: read, check, select; nobody is dropped silently."""
