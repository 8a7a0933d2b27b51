"""From a function to its tree, and from Python's grammar to the kernel language that `elaborate` runs."""
