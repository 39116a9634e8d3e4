"""Read and check patient records, select the cohort, tabulate its exposure; nobody is dropped silently."""
