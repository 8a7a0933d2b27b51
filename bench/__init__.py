"""The benchmarks: `python bench/run.py`, or `make bench`. Each module's docstring says how it measures or shows."""
