"""Functions that go over all of an iterable, of a length known at run time only, or over as much as they need."""


def listed(items):
    out = []
    for item in items:
        out.append(item)
    return out


def first(items):
    for item in items:
        return item
    raise StopIteration("the iterator is used up")


def first_or(items, default):
    for item in items:
        return item
    return default


def total(items, start):
    result = start
    for item in items:
        result = result + item
    return result


def some(items):
    return any(item for item in items)


def every(items):
    return all(item for item in items)


def reduced(function, items):
    result = None
    started = False
    for item in items:
        result = function(result, item) if started else item
        started = True
    if not started:
        raise TypeError("reduce() of empty iterable with no initial value")
    return result


def reduced_from(function, items, start):
    result = start
    for item in items:
        result = function(result, item)
    return result


def best(items, key, better, name):
    """The first item that no other is better than, by its key."""
    started = False
    for item in items:
        value = item if key is None else key(item)
        if not started:
            chosen, most = item, value
            started = True
        elif better(value, most):
            chosen, most = item, value
    if not started:
        raise ValueError(name + "() iterable argument is empty")
    return chosen


def best_or(items, key, better, default):
    chosen = default
    started = False
    for item in items:
        value = item if key is None else key(item)
        if not started:
            chosen, most = item, value
            started = True
        elif better(value, most):
            chosen, most = item, value
    return chosen


def best_at_or(item, length, key, better, default):
    chosen = default
    if length > 0:
        chosen = best_at(item, length, key, better, "")
    return chosen


def best_at(item, length, key, better, name):
    """`best` of ``item(0), ..., item(length - 1)``."""
    if length < 1:
        raise ValueError(name + "() iterable argument is empty")
    chosen = item(0)
    most = chosen if key is None else key(chosen)
    for k in range(1, length):
        other = item(k)
        value = other if key is None else key(other)
        if better(value, most):
            chosen, most = other, value
    return chosen
