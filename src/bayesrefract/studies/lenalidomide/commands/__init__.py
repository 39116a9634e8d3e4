"""Commands that the lenalidomide study adds to the command line."""
