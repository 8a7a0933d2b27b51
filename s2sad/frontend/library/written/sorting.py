"""Sorting by keys that are known at run time only."""

import numpy as np


def each(length, run):
    for k in range(length):
        run(k)


def keys(item, length, key, part):
    """One number of the key of each item."""
    found = []
    for k in range(length):
        value = item(k) if key is None else key(item(k))
        found.append(value if part is None else value[part])
    return np.array(found)


def order(columns, backwards):
    """Where the items stand that come first, second, ...: by the first column, ties by the next ones. Equal ones keep
    their order, also backwards."""
    if backwards:
        columns = [column[::-1] for column in columns]
    found = np.argsort(columns[-1])
    for column in columns[-2::-1]:
        found = found[np.argsort(column[found])]
    return len(found) - 1 - found[::-1] if backwards else found


def arranged(item, places):
    return [item(k) for k in places]
