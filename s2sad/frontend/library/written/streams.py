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
