"""Loops that run several trips at once, one in each lane of vectors (docs/decisions/lanes.md).

Read `varying` (which loops may, and what in them differs from lane to lane), `worth` (when that is faster), `state` and
`memory` (numbers and elements in lanes), `statements`, `serial` (lane by lane), then `loop`.
"""
