"""Lists, tuples and dicts: made, read, changed, grown."""

from __future__ import annotations

from tools.fuzzing.assignments import Assignments
from tools.fuzzing.grammar import Name


class Containers(Assignments):
    """Writes statements about containers."""

    def _list(self) -> bool | None:
        known = self.names("list")
        if not known or (not self.loops and self.chance(0.4)):
            if self.chance(0.5):
                self.assign("[]", "list")
            elif self.chance(0.5):
                self.assign(f"[{self.number(1)}, {self.number(0)}]", "list", length=2)
            else:
                n = self.random.randint(1, 3)
                i = Name(self.fresh("index"), "int", low=0, high=n - 1, fixed=True)
                self.frames.append({i.text: i})
                body = self.number(1)
                self.frames.pop()
                self.assign(f"[{body} for {i.text} in range({self.size(n)})]", "list", length=n)
            return True
        x = self.pick(known)
        if x.fixed:
            return None
        match self.random.randint(0, 5):
            case 0 | 1 | 2:
                self.put(f"{x.text}.append({self.number(1)})")
                if len(self.frames) == 1 or x.text in self.frames[-1]:
                    self.change(x, length=x.length + 1)
            case 3 if x.length:
                self.put(f"{x.text}[{self.index(x.length)}] {self.pick(['=', '*=', '+='])} {self.number(1)}")
            case 4:
                with self.block(f"if len({x.text}) > {x.length + 1}:"):
                    self.assign(f"{x.text}.pop()", "float")
            case _:
                self.assign(f"np.sum(np.array({x.text}) ** 2) * 0.1" if x.length else f"len({x.text}) * 0.1", "float")
        return True

    def _tuple(self) -> bool:
        shape = self.new_shape()
        name = self.fresh("tuple")
        self.put(f"{name} = ({self.number(1)}, {self.array(shape, 1)})")
        keys = (Name(f"{name}[0]", "float"), Name(f"{name}[1]", "array", shape))
        self.declare(Name(name, "tuple", keys=keys, fixed=True))
        return True

    def _dict(self) -> bool | None:
        known = [d for d in self.names("dict") if not d.fixed]
        if known and self.chance(0.7):
            d = self.pick(known)
            e = self.pick(d.keys)
            if e.kind == "float":
                self.put(f"{e.text} {self.pick(['=', '+=', '*='])} {self.number(1)} * 0.5")
            elif 0 not in e.shape:
                place = ", ".join(self.index(n) for n in e.shape)
                self.put(f"{e.text}[{place}] {self.pick(['=', '+='])} {self.number(1)}")
            return True
        if known and self.chance(0.3):
            return self._over_dict(self.pick(known))
        name, shape = self.fresh("dict"), self.new_shape()
        if self.chance(0.25):
            cells = [[self.number(1) for _ in range(2)] for _ in range(2)]
            self.put(f"{name} = [[{cells[0][0]}, {cells[0][1]}], [{cells[1][0]}, {cells[1][1]}]]")
            keys = tuple(Name(f"{name}[{i}][{j}]", "float") for i in range(2) for j in range(2))
            self.declare(Name(name, "dict", keys=keys))
            return True
        self.put(f"{name} = {{'w': {self.array(shape, 1)} + 0.0, 'b': {self.number(1)}}}")
        keys = (Name(f"{name}['w']", "array", shape), Name(f"{name}['b']", "float"))
        self.declare(Name(name, "dict", keys=keys))
        return True

    def _unpack(self) -> bool | None:
        known = [a for a in self.names("array") if len(a.shape) == 1 and 1 < a.shape[0] < 4]
        if not known:
            return None
        a = self.pick(known)
        names = [Name(self.fresh("float"), "float") for _ in range(a.shape[0])]
        self.put(f"{', '.join(n.text for n in names)} = {a.text}")
        for n in names:
            self.declare(n)
        return True

    def _over_dict(self, d: Name) -> bool | None:
        """A sum over the entries of a dict, however it is gone over."""
        if any(e.text[len(d.text) + 1] != "'" for e in d.keys):
            return None
        sums = self._changeable("float")
        total = self.pick(sums) if sums else self.assign("0.0", "float")
        key, entry = self.fresh("item"), self.fresh("item")
        headers = [f"for {key}, {entry} in {d.text}.items():", f"for {entry} in {d.text}.values():"]
        with self.block(self.pick(headers)):
            self.put(f"{total.text} += 0.3 * np.sum({entry} * {entry})")
        return True

    def _rows(self) -> bool | None:
        """A list of arrays: made, grown, written into."""
        known = self.names("rows")
        if not known or (not self.loops and self.chance(0.4)):
            shape = self.new_shape()
            first = f"{self.array(shape, 1)} + 0.0"
            forms = [("[]", 0), (f"[{first}]", 1), (f"[{first}, {self.array(shape, 0)} * 0.5]", 2)]
            text, length = self.pick(forms)
            self.assign(text, "rows", shape, length=length)
            return True
        x = self.pick(known)
        if x.fixed:
            return None
        if x.length and self.chance(0.3) and 0 not in x.shape:
            place = ", ".join(self.index(n) for n in x.shape)
            self.put(f"{x.text}[{self.index(x.length)}][{place}] {self.pick(['=', '+=', '*='])} {self.number(1)}")
            return True
        arrays = [a.text for a in self.names("array") if a.shape == x.shape]
        appended = f"{self.pick(arrays)}.copy()" if arrays and self.chance(0.3) else f"{self.array(x.shape, 1)} * 0.9"
        self.put(f"{x.text}.append({appended})")
        if x.text in self.frames[-1]:
            self.change(x, length=x.length + 1)
        return True

    def _filtered(self) -> bool | None:
        """A list of the elements that fulfil a condition."""
        known = [a for a in self.names("array") if len(a.shape) == 1]
        if not known:
            return None
        v = Name(self.fresh("item"), "float", fixed=True)
        source = self.pick(known).text
        self.frames.append({v.text: v})
        body, condition = self.number(1), f"{v.text} > {self.threshold()}"
        self.frames.pop()
        self.assign(f"[{body} for {v.text} in {source} if {condition}]", "list")
        return True
