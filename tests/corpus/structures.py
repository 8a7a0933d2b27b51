"""Lists of run-time length of tuples, dicts, lists, objects, or None."""

import heapq
from collections import deque, namedtuple
from dataclasses import dataclass

import numpy as np

from tests.corpus import program

Pair = namedtuple("Pair", "a b")


@dataclass
class Node:
    v: float
    k: int


@dataclass
class Agent:
    position: float
    velocity: float
    history: list


@program((np.array([1.0, 0.4, 0.9]),))
def filled_from_none(w):
    result = [None] * len(w)
    for i in range(len(w)):
        result[i] = w[i] * w[i]
    s = 0.0
    for r in result:
        s += r
    return s


@program((np.array([1.0, 0.4, 0.9]),), compiled=True)
def list_of_tuples(x):
    nodes, total = [(0.0, 0)], 0.0
    for v in x:
        total += v * v
        nodes.append((v * total, len(nodes)))
    nodes[0] = (total, 0)
    s = 0.0
    for c, k in nodes:
        s += c * (k + 1)
    return s


@program((np.array([1.0, 0.4, 0.9]),), compiled=True)
def table_as_list_of_lists(w):
    n = len(w)
    g = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            g[i][j] = w[i] * w[j] + (g[i - 1][j] if i > 0 else 0.0)
    return g[-1][-1] * g[0][1]


@program((np.array([1.0, 0.4, 0.9]),), compiled=True)
def list_of_dicts(x):
    nodes = []
    for i in range(len(x)):
        nodes.append({"v": x[i] * x[i], "k": i, "row": x[i] * np.arange(3.0)})
    for i in range(len(x)):
        nodes[i]["v"] = nodes[i]["v"] * 2 + nodes[i - 1]["v"]
    nodes[1]["k"] += 5
    s = 0.0
    for n in nodes:
        n["v"] *= 1.5
        s += n["v"] * n["k"] + n["row"][1] * n["row"][2]
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def list_of_namedtuples_popped(x):
    ns = []
    for i in range(len(x)):
        ns.append(Pair(x[i], x[i] * i))
    s = 0.0
    while ns:
        p = ns.pop()
        s += p.a * p.b + len(ns)
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def list_of_dataclasses(x):
    ns = [Node(v * v, 1) for v in x]
    for n in ns:
        n.v = n.v * n.k
        n.k += 1
    s = 0.0
    for n in ns:
        s += n.v * n.k
    ns[0].v = 3.0 * x[1]
    return s + ns[0].v ** 2 + ns[-1].v


@program((np.array([1.0, 0.4, 0.9]),))
def triangle_of_rows(x):
    rows = []
    for i in range(len(x)):
        row = []
        for j in range(i + 1):
            row.append(x[i] * x[j])
        rows.append(row)
    s = 0.0
    for r in rows:
        s += sum(r) * len(r)
    return s + rows[-1][-2]


@program((np.array([1.0, 0.4, 0.9]),))
def neighbours_of_a_ring(x):
    n = len(x)
    adj = [[] for _ in range(n)]
    for i in range(n):
        adj[i].append((i + 1) % n)
        adj[(i + 1) % n].append(i)
    s = 0.0
    for i in range(n):
        for j in adj[i]:
            s += (x[i] - x[j]) ** 2 * (i + 1)
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def points_as_lists(x):
    pts = []
    for v in x:
        pts.append([v, v * v, 2 * v])
    A = np.array(pts)
    return np.sum(A @ A.T) + pts[1][2]


@program((np.array([1.0, 0.4, 0.9]),))
def points_as_tuples(x):
    pts = []
    for v in x:
        pts.append((v, v * v))
    A = np.array(pts)
    return np.sum(A[:, 0] ** 2 * A[:, 1]) + np.sum(A @ A.T)


@program((np.array([1.0, 0.4, 0.9]),))
def tuples_or_none(x):
    best = [None] * len(x)
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.5:
            best[i] = (x[i] * 2, i)
    for b in best:
        if b is not None:
            s += b[0] * b[1]
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def stack_of_tuples(x):
    q = [(0, 1.0)]
    s = 0.0
    while len(q) > 0:
        k, w = q.pop()
        if k < len(x):
            s += w * x[k]
            q.append((k + 1, w * x[k]))
            q.append((k + 2, w * 0.5))
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def tuples_sliced_joined_reversed(x):
    a = [(v, v * 2) for v in x]
    b = a[1:] + [(1.0, 2.0)]
    b.reverse()
    b.insert(1, (x[0], x[1]))
    s = 0.0
    for i, (p, q) in enumerate(b):
        s += p * q * (i + 1)
    return s + len(b)


@program((np.array([1.0, 0.4, 0.9]),))
def pairs_written_and_unpacked(x):
    t = [[0.0, 0.0] for _ in range(len(x))]
    for i in range(len(x)):
        t[i][0] = x[i]
        t[i][1] += x[i] * x[i]
    a, b = t[1]
    return a * b + t[2][0]


@program((np.array([1.0, 0.4, 0.9]),))
def table_of_ints_that_becomes_floats(x):
    n = len(x)
    dp = [[0] * (n + 1) for _ in range(n + 1)]
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            dp[i][j] = max(dp[i - 1][j], dp[i][j - 1]) + x[i - 1] * x[j - 1]
    return dp[n][n]


@program((np.array([1.0, 0.4, 0.9]),))
def rows_of_a_recurrence(x):
    n = len(x)
    prev = [0.0] * (n + 1)
    for i in range(n):
        cur = [x[i]] + [0.0] * n
        for j in range(1, n + 1):
            cur[j] = prev[j - 1] * x[j - 1] + cur[j - 1] + x[i]
        prev = cur
    return prev[-1]


def helper(items, i, v):
    items[i][1] = v


@program((np.array([1.0, 0.4, 0.9]),))
def item_changed_by_a_helper(x):
    g = [[0.0, 1.0] for _ in range(len(x))]
    for i in range(len(x)):
        helper(g, i, x[i] ** 2)
    return sum(r[1] for r in g) + g[0][0]


@program((np.array([1.0, 0.4, 0.9]),))
def layers_of_a_network(x):
    layers = [(np.eye(3) * x[0], x * 1.0)]
    for i in range(2):
        layers.append((layers[i][0] * x[1], layers[i][1] * x[2]))
    h = x
    for W, b in layers:
        h = np.tanh(W @ h + b)
    return np.sum(h)


@program((np.array([1.0, 0.4, 0.9]),))
def tuples_of_a_number_and_a_list(x):
    t = [(v, [v]) for v in x]
    for a, row in t:
        row.append(a * 2)
        row[0] += a
    return sum(t[0][1]) + t[1][1][1] * t[2][1][0]


@program((np.array([1.0, 0.4, 0.9]),), compiled=True)
def rows_that_grow_in_turn(x):
    g = [[v] for v in x]
    for k in range(4):
        i = k % len(x)
        g[i].append(g[i][-1] * x[(i + 1) % len(x)])
        g[i][0] *= 1.5
    return sum([sum(r) for r in g]) * g[0][-1]


@program((np.array([1.0, 0.4, 0.9]),))
def arrays_that_grow_in_a_list(x):
    g = []
    for v in x:
        g.append(v * np.ones(2))
    for i in range(len(x)):
        g[i] = np.append(g[i], x[i] ** 2)
    g[0] = x * g[1][0]
    return np.sum(g[0]) + np.sum(g[1] ** 2) * g[2][2]


@program((np.array([1.0, 0.4, 0.9]),))
def arrays_of_other_sizes_take_their_place(x):
    g = []
    for i in range(len(x)):
        g.append(x[: i + 1] ** 2)
    for i in range(len(x)):
        g[i] = x[i:] * g[i][0]
    s = 0.0
    for r in g:
        s += np.sum(r * r)
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def rows_by_every_method(x):
    g = [[v, v * 2] for v in x]
    for i in range(len(x)):
        r = g[i]
        r.pop()
        r.insert(0, x[i] ** 2)
        r.extend([1.0, x[0]])
    return g[0][0] * g[1][2] + sum(g[2]) + g[0][-1] * g[2][1]


@program((np.array([1.0, 0.4, 0.9]),))
def matrix_product_of_lists(x):
    n = len(x)
    C = [[0.0] * n for _ in range(n)]
    A = [[x[i] * x[j] for j in range(n)] for i in range(n)]
    for i in range(n):
        for j in range(n):
            for k in range(n):
                C[i][j] += A[i][k] * A[k][j]
    return sum([C[i][i] for i in range(n)])


@program((np.array([1.0, 0.4, 0.9]),))
def lists_joined_on_a_stack(x):
    st = [[v] for v in x]
    while len(st) > 1:
        a = st.pop()
        b = st.pop()
        st.append(a + b if len(a) < 3 else b + a)
    return st[0][0] * st[0][-1] + len(st[0])


@program((np.array([1.0, 0.4, 0.9]),))
def row_held_by_a_name(x):
    g = [[0.0] * len(x) for _ in range(len(x))]
    row = g[1]
    for j in range(len(x)):
        row[j] = x[j] ** 2
    return sum(g[1]) + sum(g[0])


@program((np.array([1.0, 0.4, 0.9]),))
def copies_of_a_row(x):
    g = []
    row = [0.0] * len(x)
    for i in range(len(x)):
        row[i] = x[i]
        g.append(row[:])
    return sum(g[0]) + 2 * sum(g[2])


@program((np.array([1.0, 0.4, 0.9]),))
def rows_popped_into_others(x):
    g = [[v, v] for v in x]
    while len(g) > 1:
        r = g.pop()
        r[0] *= 2
        g[-1][0] += r[0] * r[1]
    return g[0][0]


@program((np.array([1.0, 0.4, 0.9]),))
def row_with_none(x):
    g = [[v, None] for v in x]
    for i in range(len(x)):
        if x[i] > 0.5:
            g[i][1] = x[i] ** 2
    s = 0.0
    for a, b in g:
        s += a if b is None else b
    return s


@program((np.array([1.0, 0.4, 0.9]),), compiled=True)
def weighted_neighbours(x):
    n = len(x)
    adjacent = [[] for _ in range(n)]
    for i in range(n - 1):
        adjacent[i].append((i + 1, x[i]))
        adjacent[i + 1].append((i, x[i]))
    s = 0.0
    for i in range(n):
        for j, w in adjacent[i]:
            s += w * w * x[j]
    return s * len(adjacent[1])


@program((np.array([1.0, 0.4, 0.9]),))
def names_in_a_list(x):
    steps, rules = [], {"up": np.sin, "down": lambda v: v * v}
    for v in x:
        steps.append("up" if v > 0.5 else "down")
    s = 0.0
    for name, v in zip(steps, x):
        s += rules[name](v) * (2.0 if name == "up" else 3.0)
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def events_with_a_kind(x):
    events = [(v, "birth" if v > 0.5 else None) for v in x]
    s = 0.0
    for v, kind in events:
        s += v * v if kind == "birth" else -v
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def heap_of_tuples(x):
    heap = []
    for i in range(len(x)):
        heapq.heappush(heap, (x[i] * x[i], i))
    s, w = 0.0, 1.0
    while heap:
        d, i = heapq.heappop(heap)
        s, w = s + d * w * (i + 1), w * 0.5
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def queue_of_tuples(x):
    queue = deque()
    for i in range(len(x)):
        queue.append((x[i], i))
    s = 0.0
    while queue:
        v, i = queue.popleft()
        s += v**2 * (i + 1)
        if i == 1 and v > 0.3:
            queue.append((v * 2, 5))
    return s


@program((np.array([1.0, 0.4, 0.9]),))
def agents_with_a_history(x):
    agents = [Agent(v, 2 * v, []) for v in x]
    for _ in range(4):
        for a in agents:
            a.position += a.velocity * 0.1
            a.velocity -= a.position * 0.1
            a.history.append(a.position)
    return sum([a.position**2 + a.history[1] * a.history[-1] for a in agents])
