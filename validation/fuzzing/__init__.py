"""Hostile input: mutated records, options, study files and stored fits, and what the program must make of them."""
