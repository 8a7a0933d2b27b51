"""`collections.deque`: a list of which the front is given away by counting."""

import collections

from s2sad.frontend.library.table import written


class Deque:
    """The items from `start` on; what is taken from the left stays in the list, in front of it."""

    def __init__(self, iterable, maxlen):
        self.items = []
        self.start = 0
        self.maxlen = maxlen
        self.extend(iterable)

    def __len__(self):
        return len(self.items) - self.start

    def __iter__(self):
        return map(self.items.__getitem__, range(self.start, len(self.items)))

    def __getitem__(self, index):
        return self.items[self.place(index)]

    def __setitem__(self, index, value):
        self.items[self.place(index)] = value

    def __contains__(self, value):
        return any(item == value for item in self)

    def place(self, index):
        """Where an index leads to in the list."""
        place = self.start + index if index >= 0 else len(self.items) + index
        if place < self.start or place >= len(self.items):
            raise IndexError("deque index out of range")
        return place

    def append(self, x):
        self.items.append(x)
        if self.maxlen is not None and len(self) > self.maxlen:
            self.start = self.start + 1

    def appendleft(self, x):
        if self.start > 0:
            self.start = self.start - 1
            self.items[self.start] = x
        else:
            self.items.insert(0, x)
        if self.maxlen is not None and len(self) > self.maxlen:
            self.items.pop()

    def pop(self):
        if len(self) == 0:
            raise IndexError("pop from an empty deque")
        return self.items.pop()

    def popleft(self):
        if len(self) == 0:
            raise IndexError("pop from an empty deque")
        value = self.items[self.start]
        self.start = self.start + 1
        return value

    def extend(self, iterable):
        for item in iterable:
            self.append(item)

    def extendleft(self, iterable):
        for item in iterable:
            self.appendleft(item)

    def clear(self):
        self.start = len(self.items)

    def copy(self):
        return Deque(self, self.maxlen)

    def count(self, value):
        return list(self).count(value)

    def index(self, value):
        return list(self).index(value)

    def remove(self, value):
        del self.items[self.start + self.index(value)]

    def reverse(self):
        self.items = list(reversed(self))
        self.start = 0

    def rotate(self, n=1):
        if len(self) > 0:
            now = list(self)
            by = n % len(now)
            self.items = now[len(now) - by :] + now[: len(now) - by]
            self.start = 0


@written(collections.deque, fold=False)
def deque(iterable=(), maxlen=None):
    return Deque(iterable, maxlen)
