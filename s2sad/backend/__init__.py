"""Python out: which names (`naming`), which text (`emit`), and what runs it (`numba`, `python`)."""
