"""Results as strict JSON."""
