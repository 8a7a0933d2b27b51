"""Methods of lists whose length is known at run time only, by what such lists can do: be read, and grow."""


def sliced(items, start, stop, step):
    """``items[start:stop:step]``; `step` is known."""
    n = len(items)
    if step > 0:
        low = 0 if start is None else place(start, n)
        high = n if stop is None else place(stop, n)
    else:
        low = n - 1 if start is None else min(start if start >= 0 else start + n, n - 1)
        high = -1 if stop is None else max(stop if stop >= 0 else stop + n, -1)
    return [items[k] for k in range(low, high, step)]


def place(index, n):
    """Where a bound of a slice is."""
    return min(index, n) if index >= 0 else max(index + n, 0)


def reversed_items(items):
    return [items[len(items) - 1 - k] for k in range(len(items))]


def inserted(items, index, value):
    at = place(index, len(items))
    out = [items[k] for k in range(at)]
    out.append(value)
    for k in range(at, len(items)):
        out.append(items[k])
    return out


def without(items, index):
    at = index if index >= 0 else index + len(items)
    return [items[k] for k in range(len(items)) if k != at]


def without_slice(items, start, stop):
    n = len(items)
    low = 0 if start is None else place(start, n)
    high = n if stop is None else place(stop, n)
    return [items[k] for k in range(n) if k < low or k >= high]


def extend(items, more):
    for value in more:
        items.append(value)


def repeated(items, count):
    """``items * count``."""
    out = []
    for _ in range(count):
        for value in items:
            out.append(value)
    return out


def holds(items, wanted):
    """``wanted in items``."""
    found = False
    for value in items:
        found = found or value == wanted
    return found


def recast(rows, dtype):
    """A list of arrays of another dtype."""
    return [row.astype(dtype) for row in rows]


def position(items, value):
    """``items.index(value)``."""
    for k in range(len(items)):
        if items[k] == value:
            return k
    raise ValueError("the value is not in the list")


def counted(items, value):
    """``items.count(value)``."""
    count = 0
    for item in items:
        if item == value:
            count += 1
    return count
