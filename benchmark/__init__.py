"""How fast bayesrefract is, measured against the textbook way on the same data and machine."""
