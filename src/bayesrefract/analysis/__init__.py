"""One analysis under one model: its fit, draws that suffice to judge it, and what they say."""
