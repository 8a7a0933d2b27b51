"""`heapq` and `bisect`: heaps and sorted lists of values known at run time only, step by step as Python's own."""

import bisect
import heapq

from s2sad.frontend.library.table import written


@written(heapq.heappush, fold=False)
def heappush(heap, item):
    heap.append(item)
    towards_root(heap, len(heap) - 1)


@written(heapq.heappop, fold=False)
def heappop(heap):
    last = heap.pop()
    if len(heap) == 0:
        return last
    least = heap[0]
    heap[0] = last
    towards_leaves(heap, 0)
    return least


@written(heapq.heapreplace, fold=False)
def heapreplace(heap, item):
    least = heap[0]
    heap[0] = item
    towards_leaves(heap, 0)
    return least


@written(heapq.heappushpop, fold=False)
def heappushpop(heap, item):
    out = item
    if len(heap) > 0 and heap[0] < item:
        out = heap[0]
        heap[0] = item
        towards_leaves(heap, 0)
    return out


@written(heapq.heapify, fold=False)
def heapify(x):
    for i in range(len(x) // 2 - 1, -1, -1):
        towards_leaves(x, i)


def towards_root(heap, place):
    """Move an item up until its parent is not greater."""
    item = heap[place]
    while place > 0:
        above = (place - 1) // 2
        if not item < heap[above]:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = item


def towards_leaves(heap, start):
    """Move an item down, and back up to where it belongs."""
    end = len(heap)
    place = start
    item = heap[place]
    child = 2 * place + 1
    while child < end:
        if child + 1 < end and not heap[child] < heap[child + 1]:
            child = child + 1
        heap[place] = heap[child]
        place = child
        child = 2 * place + 1
    while place > start:
        above = (place - 1) // 2
        if not item < heap[above]:
            break
        heap[place] = heap[above]
        place = above
    heap[place] = item


@written(heapq.nsmallest, fold=False)
def nsmallest(n, iterable, key=None):
    return sorted(iterable, key=key)[:n]


@written(heapq.nlargest, fold=False)
def nlargest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:n]


@written(bisect.bisect_left)
def bisect_left(a, x, lo=0, hi=None, *, key=None):
    low = lo
    high = len(a) if hi is None else hi
    while low < high:
        middle = (low + high) // 2
        if (a[middle] if key is None else key(a[middle])) < x:
            low = middle + 1
        else:
            high = middle
    return low


@written(bisect.bisect_right)
def bisect_right(a, x, lo=0, hi=None, *, key=None):
    low = lo
    high = len(a) if hi is None else hi
    while low < high:
        middle = (low + high) // 2
        if x < (a[middle] if key is None else key(a[middle])):
            high = middle
        else:
            low = middle + 1
    return low


@written(bisect.insort_left, fold=False)
def insort_left(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


@written(bisect.insort_right, fold=False)
def insort_right(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)
