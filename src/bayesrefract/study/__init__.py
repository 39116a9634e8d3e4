"""Parse and validate study.toml and models/*.toml into frozen values; all faults are reported together."""
