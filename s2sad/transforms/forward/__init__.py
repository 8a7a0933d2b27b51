"""Forward mode: `forward` is the page; `tangents` of statements that are no arithmetic; `linearity` by tangents."""
