"""The page of a study, in HTML."""
