"""The question and the models tried, as declared: TOML -> frozen values, with every fault told at once."""
