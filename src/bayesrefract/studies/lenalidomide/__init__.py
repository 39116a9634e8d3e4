"""The lenalidomide study: what its records, its paper and its page need beyond a study file."""
