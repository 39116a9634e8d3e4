"""A cohort that reproduces a paper: rebuilt from printed counts and estimates, not patients."""
