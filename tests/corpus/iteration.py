"""What loops go over: lists that change meanwhile, iterators that are used up, views of dicts."""

import numpy as np

from tests.corpus import pos, program, vec


@program((0.5,))
def worklist(x):
    q = [x]
    for v in q:
        if len(q) < 4:
            q.append(v * 2)
    return sum(q)


@program((0.5,))
def list_written_while_gone_over(x):
    items = [x, 1.0]
    for v in items:
        items[1] = v
    return items[1]


@program((0.5, 4))
def prefix_sums_in_a_list(x, n):
    items = [x * i for i in range(n)]
    for i, v in enumerate(items):
        if i + 1 < n:
            items[i + 1] += v
    return items[-1]


@program((0.5,))
def prefix_sums_of_unknown_length(x):
    n = int(x * 0) + 4
    items = [x * i for i in range(n)]
    for i, v in enumerate(items):
        if i + 1 < n:
            items[i + 1] += v
    return items[-1]


@program((0.5,))
def list_popped_while_gone_over(x):
    items = [x, 2 * x, 3 * x]
    s = 0.0
    for v in items:
        s += v
        items.pop()
    return s


@program((0.5,))
def dict_written_while_gone_over(x):
    d = {"a": x, "b": 1.0}
    s = 0.0
    for k, v in d.items():
        d["b"] = 5 * x
        s += v
    return s


@program((0.5,))
def slice_of_a_string(x):
    return x if "w1"[:1] == "w" else 2 * x


@program((0.5,))
def one_list_twice(x):
    r = [1.0]
    g = [r] * 2
    g[0][0] = x
    return g[1][0] + r[0]


@program((0.5,))
def concatenated_lists_share_items(x):
    g = [[0.0], [1.0]]
    h = g + [[2.0]]
    h[0][0] = x
    return g[0][0]


@program((0.5,))
def repeated_list_shares_items(x):
    g = [[0.0]] * 2
    g[0][0] += x
    g[1][0] += x
    return g[0][0]


@program((0.5,))
def merged_dicts_share_values(x):
    p = {"a": [0.0]}
    q = p | {"b": [1.0]}
    q["a"][0] = x
    return p["a"][0]


@program((0.5,))
def a_list_in_two_lists(x):
    p = [1.0]
    q = [p] + [p]
    q[0].append(x)
    return sum(p) + sum(q[1])


@program((0.5,))
def generator_is_used_up(x):
    g = (v * x for v in (1.0, 2.0))
    return sum(g) + sum(g)


@program((0.5,))
def zip_is_used_up(x):
    g = zip([x, 2 * x], [3 * x, x])
    return sum(a * b for a, b in g) + sum(a for a, b in g)


@program((0.5,))
def generator_reads_variables_late(x):
    k = 1.0
    g = (v * k for v in [x, x])
    k = 7.0
    return sum(g)


@program((0.5,))
def iterator_goes_on_after_break(x):
    z = iter([x, 2 * x, 3 * x])
    for v in z:
        break
    return sum(z)


@program((0.5,))
def iterator_in_pairs(x):
    g = zip(*[iter([x, 2 * x, 3 * x, 4 * x])] * 2)
    return sum(a * b for a, b in g)


@program((0.5,))
def view_of_a_dict(x):
    d = {"a": x}
    v = d.values()
    d["b"] = 3 * x
    return sum(v)


@program((0.5,))
def next_and_its_default(x):
    z = iter([x, 2 * x, 3 * x])
    a = next(z)
    b = next(z)
    c = next(z, 7.0)
    d = next(z, 5.0)
    return a + 2 * b + 3 * c + d * x


@program((0.5,))
def generator_of_unknown_length(x):
    g = (v * x for v in range(int(x * 0) + 3))
    return sum(g)


@program((0.5,))
def uses_of_views(x):
    d = {"a": x, "b": 2 * x}
    return len(d.keys()) * x + len(d) * sum(d.values()) + (x if "a" in d.keys() else 0) + list(d.values())[1]


@program((0.5,))
def views_spread(x):
    d = {"a": x, "b": 2 * x}
    f = lambda a, b: a * b
    p, q = d.values()
    return f(*d.values()) + p * q + f(**d)


@program((0.5,))
def worklist_of_tuples(x):
    q = [(x, 0)]
    s = 0.0
    for v, d in q:
        s = s + v
        if d < 2:
            q.append((v * 2, d + 1))
            q.append((v * 3, d + 1))
    return s


@program((0.5,))
def map_kept(x):
    m = map(lambda v: v * x, [1.0, x])
    return sum(m)


@program((0.5,))
def filter_kept(x):
    m = filter(lambda v: v > 1, [1, 2, 3])
    return sum(m) * x


@program((0.5,))
def zip_of_a_list_that_changes(x):
    items = [x, 2 * x]
    s = 0.0
    for a, b in zip(items, items[::-1]):
        items[1] = 7 * x
        s = s * 2 + a * b
    return s


@program((0.5,))
def reversed_list_that_changes(x):
    items = [x, 2 * x, 3 * x]
    s = 0.0
    for v in reversed(items):
        items[0] = 9 * x
        s = 2 * s + v
    return s


@program((0.5,))
def enumerate_from_one(x):
    for i, v in enumerate([x, x * x], start=1):
        x = x + i * v
    return x


@program((0.5,))
def zip_of_array_and_list(x):
    w = np.arange(3.0)
    s = 0.0
    for a, b in zip(w, [x, 2 * x, 3 * x]):
        s = s + a * b
    return s


@program((vec(2),))
def a_literal_meets_an_argument_in_a_branch(y):
    """The sizes are one, or the call is refused: the loop carries one shape."""
    for _ in range(3):
        if y[0] > -5:
            y = y + np.array([y[1], -y[0]])
    return np.sum(y * y)


@program((vec(2), vec(2)))
def reversed_view_carried(x, h):
    for _ in range(3):
        h, x = h * x, x[::-1]
    return np.sum(h)


@program((0.5, np.zeros(0), 0), wrt=0)
def index_that_is_not_reached(y, x, n):
    s = y * y
    for _ in range(n):
        s += x[0]
    return s if n == 0 else x[1]


@program((pos(3, 2),), compiled=True)
def name_of_what_is_gone_over_is_given_away(a):
    """The loop goes on over the array that the name had when it began."""
    out = a.copy()
    for row in out:
        for k in range(2):
            row[0] = row[1] * row[0] + k
        out = a * row[0]
    return np.sum(out)


@program((pos(3, 2),))
def names_of_what_is_zipped_are_given_away(a):
    out = a.copy()
    for row, other in zip(out, a):
        while row[0] < 3.0:
            row[0] += other[1] * other[1] + 0.1
        out = a * row[0] + row[1]
    return np.sum(out)
