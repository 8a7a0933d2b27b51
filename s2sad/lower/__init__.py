"""From the derivative people read to the loops the machine runs: IR to IR, after the last transform.

    elements    what an element of each array is made of (the rules stand in `s2sad.rules`)
    fuse        which arrays are made at all, and which loops are one
    scalars     arrays of a few elements become numbers, short loops over them are written out

    d = x[:, None] - x[None, :]                s = 0.0
    s = np.sum(d * d)                          for i in range(n):
                                   becomes         a = x[i]
                                                   for j in range(n):
                                                       d = a - x[j]
                                                       s += d * d

Read `lower`, then `arrays` (values that are not made until they must be), `regions` (where statements go), `writer`,
`reductions`, `updates`, `indexing`, `sizes`; for numbers in the place of arrays `checked` (sizes that are known),
`families`, `unroll`, `scalars`. Nothing that this room writes is differentiated again.
"""
