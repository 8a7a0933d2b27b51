"""What stands for Python's values while a program is run on types: `values` first, then the state they live in."""
