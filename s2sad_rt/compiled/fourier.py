"""Arrays cut or filled with zeros along an axis. The transforms themselves are those of rocket-fft."""

from __future__ import annotations

from typing import Any

from s2sad_rt import fourier
from s2sad_rt.compiled.template import at, indices, literal_known, loops, overload_source, rank, sizes, tuple_of, value


@overload_source(fourier.resized, literals=True)
def _resized(x: Any, n: Any, axis: Any) -> Any:
    if not literal_known(axis):
        return None
    i, place = indices(rank(x)), value(axis) % rank(x)
    shape = [("n" if k == place else size) for k, size in enumerate(sizes(rank(x)))]
    kept = [("kept" if k == place else size) for k, size in enumerate(sizes(rank(x)))]
    return [
        f"kept = min(n, x.shape[{place}])",
        f"out = np.zeros({tuple_of(shape)}, x.dtype)",
        *loops(list(zip(i, kept, strict=True)), [f"{at('out', i)} = {at('x', i)}"]),
        "return out",
    ]
