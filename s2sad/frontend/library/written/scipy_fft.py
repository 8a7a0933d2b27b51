"""`scipy.fft`: NumPy's transforms under its names."""

import numpy as np
import scipy.fft

from s2sad.frontend.library.table import MEANINGS

for _name in (
    "fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn",
    "irfftn", "fftshift", "ifftshift", "fftfreq", "rfftfreq",
):  # fmt: skip
    MEANINGS[getattr(scipy.fft, _name)] = MEANINGS[getattr(np.fft, _name)]
