"""Studies that need code of their own, each found by its entry point."""
