"""Small programs for those who work on s2sad; none of them is installed with it.

    python tools/golden.py            show, compare and update the emitted sources that reviewers read
    python tools/names.py             what NumPy's, SciPy's and Python's own names mean; writes docs/names.md
    python tools/compile_profile.py   where the time of a first call goes
    python tools/fuzz.py              random programs in every mode, against oracles, made small where they fail

Each says more with --help, and runs from any directory, also as ``python -m tools.golden`` from the repository's.
"""
