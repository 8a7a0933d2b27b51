"""Generators that are made of other generators: what `map`, `filter`, `zip` and `itertools` give of them."""


def alone(items):
    for item in items:
        yield (item,)


def enumerated(items, start):
    number = start
    for item in items:
        yield number, item
        number = number + 1


def mapped(function, rows):
    for row in rows:
        yield function(*row)


def kept(function, items):
    for item in items:
        if item if function is None else function(item):
            yield item


def beside(items, length, row):
    """``zip(items, others)``: after the last of the others, one more item is taken."""
    count = 0
    for item in items:
        if count >= length:
            return
        yield row(count, item)
        count = count + 1


def beside_first(items, length, row):
    """``zip(others, items, ...)``: after the last of the others, no further item is taken."""
    if length > 0:
        count = 0
        for item in items:
            yield row(count, item)
            count = count + 1
            if count >= length:
                return


# -- itertools


def chained(iterables):
    for items in iterables:
        yield from items


def counted(start, step):
    number = start
    while True:
        yield number
        number = number + step


def repeated(value):
    while True:
        yield value


def repeated_times(value, times):
    for _ in range(times):
        yield value


def cycled(items):
    """`items` is a list, of which there is at least one."""
    while True:
        for k in range(len(items)):
            yield items[k]


def taken_while(predicate, items):
    for item in items:
        if not predicate(item):
            return
        yield item


def dropped_while(predicate, items):
    dropping = True
    for item in items:
        if dropping:
            dropping = predicate(item)
        if not dropping:
            yield item


def left_out(predicate, items):
    for item in items:
        if not (item if predicate is None else predicate(item)):
            yield item


def compressed(items, selectors):
    for item, selected in zip(items, selectors, strict=False):
        if selected:
            yield item


def sliced(items, start, stop, step):
    """``islice(items, start, stop, step)``: no further item is taken than the last one that is given needs."""
    if stop is None or stop > 0:
        count = 0
        for item in items:
            if count >= start and (count - start) % step == 0:
                yield item
            count = count + 1
            if stop is not None and count >= stop:
                return


def grouped(items, key):
    """Each group is a list, made when it is complete."""
    started = False
    now = None
    group = []
    for item in items:
        value = item if key is None else key(item)
        if started and value == now:
            group.append(item)
        else:
            if started:
                yield now, group
            now = value
            group = [item]
            started = True
    if started:
        yield now, group


def in_pairs(items):
    first = True
    before = None
    for item in items:
        if not first:
            yield before, item
        before = item
        first = False


def accumulated(items, function):
    first = True
    total = None
    for item in items:
        total = item if first else function(total, item)
        yield total
        first = False


def accumulated_from(items, function, start):
    total = start
    yield total
    for item in items:
        total = function(total, item)
        yield total


def products(pools):
    """Every choice of one item of each pool."""
    if len(pools) == 0:
        yield ()
    else:
        for first in pools[0]:
            for rest in products(pools[1:]):
                yield (first, *rest)


def combined(items, count, start):
    if count == 0:
        yield ()
    else:
        for i in range(start, len(items) - count + 1):
            for rest in combined(items, count - 1, i + 1):
                yield (items[i], *rest)


def combined_again(items, count, start):
    """Combinations in which an item may come again."""
    if count == 0:
        yield ()
    else:
        for i in range(start, len(items)):
            for rest in combined_again(items, count - 1, i):
                yield (items[i], *rest)


def permuted(items, count, taken):
    if count == 0:
        yield ()
    else:
        for i in range(len(items)):
            if all(i != k for k in taken):
                for rest in permuted(items, count - 1, (*taken, i)):
                    yield (items[i], *rest)
