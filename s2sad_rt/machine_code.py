"""Machine code of our own inside Numba: LLVM that a generated module brings, as a function that compiled code calls.

    _native = rt.native("s2sad.3f2a.main", params=..., results=..., raised=..., bridges=..., llvm=...)

Numba's dispatcher, cache, boxing, reference counts and LLVM passes stay as they are; only its front end is left out.
Values cross over flat: a number as itself (a complex one as two), an array as the address of its data, its shape, its
strides where it has any, and the block that is counted references to. The function returns 0, or the number of an
error: one of Numba's, which is passed on, one of `native_errors.KNOWN`, or one that the program raises itself.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ll
import numpy as np
from numba.core import cgutils, types
from numba.core.callconv import excinfo_ptr_t
from numba.core.errors import TypingError
from numba.cpython import listobj
from numba.extending import intrinsic
from numba.np import arrayobj
from numba.np.numpy_support import as_dtype, from_dtype

from s2sad_rt.compiled.template import define
from s2sad_rt.native_errors import DETAILS, EXCEPTIONS, FIRST, KNOWN

Form = tuple[str, "int | None", str]
LISTED = "list"
"""The layout that says: a list of these."""
WORD, BYTES, STATUS = ll.IntType(64), ll.IntType(8).as_pointer(), ll.IntType(32)
BIT = ll.IntType(1)


def native(
    symbol: str,
    *,
    params: Sequence[Form],
    results: Sequence[Form],
    raised: Sequence[tuple[str, str]],
    bridges: Sequence[tuple[Any, str, Sequence[Form], Sequence[Form]]],
    text: str,
) -> Any:
    """The function called `symbol` of an LLVM module, for other compiled code to call."""

    def typer(context: Any, *args: Any) -> Any:
        if len(args) != len(params):
            raise TypingError(f"it takes {len(params)} arguments, not {len(args)}")
        for number, (given, wanted) in enumerate(zip(args, params, strict=True)):
            _check(number, given, wanted)
        found = tuple(map(numba_type, results))
        result = types.none if not found else found[0] if len(found) == 1 else types.Tuple(found)

        def codegen(context: Any, builder: Any, signature: Any, values: Sequence[Any]) -> Any:
            body = _Call(context, builder, symbol)
            body.link(text)
            for bridge in bridges:
                _Bridge(context, builder.module, *bridge).write()
            body.arguments(signature.args, values, params)
            body.run(results, raised)
            return body.value(results, result)

        return result(*args), codegen

    names = ["context", *(f"a{k}" for k in range(len(params)))]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    typed: Any = typer
    typed.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # Numba makes tuples of stars
    typed.__name__ = symbol.replace(".", "_")
    return intrinsic(typed)


def _contiguous(a):
    return np.ascontiguousarray(a)


def _only_element(a):
    return a[()]


def _of_rank_zero(x):
    return np.array(x)


def numba_type(form: Form) -> Any:
    """The type of what crosses over in that form."""
    dtype, rank, layout = form
    element = from_dtype(np.dtype(dtype))
    array: Any = types.Array
    if layout == LISTED:
        return types.List(numba_type((dtype, rank, "C")))
    return element if rank is None else array(element, rank, layout)


def _check(number: int, given: Any, wanted: Form) -> None:
    dtype, rank, _ = wanted
    element = from_dtype(np.dtype(dtype))
    if rank is None:
        fits = isinstance(given, types.Number | types.Boolean)
    else:
        fits = isinstance(given, types.Array) and given.ndim == rank and given.dtype == element and given.aligned
    if not fits:
        raise TypingError(f"argument {number} is {given}, where {numba_type(wanted)} is expected")


def _stored(type_: Any) -> Any:
    """How a number of that type lies in memory."""
    return ll.IntType(8) if type_ == BIT else type_


class _Flat:
    """Values taken apart and put together, at one place in the code."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def apart(self, type_: Any, value: Any, strided: bool) -> list[Any]:
        """A value in the parts in which it crosses over."""
        builder = self.builder
        if isinstance(type_, types.Complex):
            number = self.context.make_complex(builder, type_, value=value)
            return [number.real, number.imag]
        if not isinstance(type_, types.Array):
            return [value]
        array = self.context.make_array(type_)(self.context, builder, value)
        sizes = cgutils.unpack_tuple(builder, array.shape, type_.ndim) if type_.ndim else []
        steps = cgutils.unpack_tuple(builder, array.strides, type_.ndim) if strided else []
        size = WORD(self.context.get_abi_sizeof(self.context.get_data_type(type_.dtype)))
        steps = [builder.sdiv(step, size) for step in steps]
        return [builder.bitcast(array.data, BYTES), *sizes, *steps, builder.bitcast(array.meminfo, BYTES)]

    def together(self, type_: Any, parts: list[Any], strided: bool = False) -> Any:
        """The value that the parts are of, which are taken from the front of the list."""
        context, builder = self.context, self.builder
        if isinstance(type_, types.Complex):
            number = context.make_complex(builder, type_)
            number.real, number.imag = parts.pop(0), parts.pop(0)
            return number._getvalue()
        if isinstance(type_, types.List):
            return self.listed(type_, parts)
        if not isinstance(type_, types.Array):
            return parts.pop(0)
        array = context.make_array(type_)(context, builder)
        data, parts[:1] = parts[0], []
        shape, parts[: type_.ndim] = parts[: type_.ndim], []
        size = WORD(context.get_abi_sizeof(context.get_data_type(type_.dtype)))
        if strided:
            steps, parts[: type_.ndim] = parts[: type_.ndim], []
            strides = [builder.mul(step, size) for step in steps]
        else:
            strides, step = [], size
            for extent in reversed(shape):
                strides.insert(0, step)
                step = builder.mul(step, extent)
        owner = parts.pop(0)
        arrayobj.populate_array(
            array,
            data=builder.bitcast(data, array.data.type),
            shape=shape,
            strides=strides,
            itemsize=size,
            meminfo=builder.bitcast(owner, array.meminfo.type),
        )
        return array._getvalue()

    def listed(self, type_: Any, parts: list[Any]) -> Any:
        """A list of Numba's with the items of one of ours, whose reference is given back."""
        context, builder = self.context, self.builder
        (data, count, _, block), parts[:4] = parts[:4], []
        made = listobj.ListInstance.allocate(context, builder, type_, count)
        item = ll.LiteralStructType([_stored(t) for t in self.types_of(type_.dtype)])
        rows = builder.bitcast(data, item.as_pointer())
        with cgutils.for_range(builder, count) as loop:
            row = builder.gep(rows, [loop.index])
            places = [builder.gep(row, [STATUS(0), STATUS(k)]) for k in range(len(item.elements))]
            values = [builder.load(p) for p in places]
            flags = [builder.icmp_unsigned("!=", v, v.type(0)) if t == BIT else v
                     for v, t in zip(values, self.types_of(type_.dtype), strict=True)]  # fmt: skip
            made.inititem(loop.index, self.together(type_.dtype, flags), incref=True)
        made.size = count
        context.nrt.decref(builder, types.MemInfoPointer(types.voidptr), block)
        return made.value

    def types_of(self, type_: Any, strided: bool = False) -> list[Any]:
        """The LLVM types of the parts."""
        if isinstance(type_, types.Complex):
            return [self.context.get_value_type(type_.underlying_float)] * 2
        if isinstance(type_, types.List):
            return [BYTES, WORD, WORD, BYTES]
        if not isinstance(type_, types.Array):
            return [self.context.get_value_type(type_)]
        return [BYTES, *[WORD] * (type_.ndim * (1 + strided)), BYTES]

    def record(self, forms: Iterable[Form]) -> Any:
        """The LLVM type of the results in a row."""
        return ll.LiteralStructType([t for form in forms for t in self.types_of(numba_type(form))])


class _Call(_Flat):
    """A call of the function from compiled code."""

    def __init__(self, context: Any, builder: Any, symbol: str) -> None:
        super().__init__(context, builder)
        self.symbol = symbol
        self.flat: list[Any] = []
        self.copies: list[tuple[Any, Any]] = []
        self.held: list[tuple[Any, Any]] = []
        self.out: Any = None

    def link(self, text: str) -> None:
        """Put the LLVM module beside the code that is being compiled, to be optimised with it."""
        library = self.context.active_code_library
        module = llvm.parse_assembly(text)
        module.triple = library._final_module.triple
        library.add_llvm_module(module)

    def arguments(self, given: Sequence[Any], values: Sequence[Any], params: Sequence[Form]) -> None:
        """Take the arguments apart, numbers converted and arrays made contiguous."""
        context, builder = self.context, self.builder
        self.held = [(t, v) for t, v in zip(given, values, strict=True) if isinstance(t, types.Array)]
        for have, value, form in zip(given, values, params, strict=True):
            want = numba_type(form)
            if not isinstance(want, types.Array):
                value = context.cast(builder, value, have, want)
            elif have.layout != "C" and want.ndim:
                contiguous = types.Array(want.dtype, want.ndim, "C")
                value = context.compile_internal(builder, _contiguous, contiguous(have), [value])
                self.copies.append((contiguous, value))
            self.flat += self.apart(want, value, strided=False)

    def run(self, results: Sequence[Form], raised: Sequence[tuple[str, str]]) -> None:
        """Call, and raise what went wrong."""
        context, builder = self.context, self.builder
        record = self.record(results)
        self.out = cgutils.alloca_once(builder, record)
        excinfo = cgutils.alloca_once(builder, excinfo_ptr_t)
        fault = cgutils.alloca_once(builder, ll.ArrayType(WORD, 1 + DETAILS))
        args = [builder.bitcast(self.out, BYTES), excinfo, builder.bitcast(fault, BYTES), *self.flat]
        kind = ll.FunctionType(STATUS, [a.type for a in args])
        status = builder.call(cgutils.get_or_insert_function(builder.module, kind, self.symbol), args)
        for type_, value in self.copies:
            context.nrt.decref(builder, type_, value)
        with builder.if_then(builder.icmp_signed("!=", status, STATUS(0)), likely=False):
            for type_, value in self.held:  # by the caller's variables, which Numba forgets where something is raised
                context.nrt.decref(builder, type_, value)
            self._raise(status, excinfo, fault, raised)

    def _raise(self, status: Any, excinfo: Any, fault: Any, raised: Sequence[tuple[str, str]]) -> None:
        context, builder = self.context, self.builder
        rules = context.call_conv
        for k, (kind, message) in enumerate(raised, FIRST + len(KNOWN)):
            with builder.if_then(builder.icmp_signed("==", status, STATUS(k)), likely=False):
                rules.return_user_exc(builder, getattr(builtins, kind), (message,) if message else ())
        for exception in dict.fromkeys(EXCEPTIONS.values()):
            numbers = [FIRST + k for k, kind in enumerate(KNOWN) if EXCEPTIONS[kind] is exception]
            tests = [builder.icmp_signed("==", status, STATUS(n)) for n in numbers]
            one_of = tests[0]
            for test in tests[1:]:
                one_of = builder.or_(one_of, test)
            with builder.if_then(one_of, likely=False):
                details = [
                    builder.load(builder.gep(fault, [STATUS(0), STATUS(k)], inbounds=True)) for k in range(1 + DETAILS)
                ]
                values = (builder.sext(status, WORD), *details)
                rules.return_dynamic_user_exc(builder, exception, values, (types.int64,) * len(values))
        rules.return_status_propagate(builder, rules._get_return_status(builder, status, builder.load(excinfo)))

    def value(self, results: Sequence[Form], type_: Any) -> Any:
        """The results, put together."""
        context, builder = self.context, self.builder
        parts = [
            builder.load(builder.gep(self.out, [STATUS(0), STATUS(k)], inbounds=True))
            for k in range(len(self.out.type.pointee.elements))
        ]
        values = [self.together(numba_type(form), parts) for form in results]
        if not values:
            return context.get_dummy_value()
        return values[0] if len(values) == 1 else context.make_tuple(builder, type_, values)


class _Bridge:
    """A function that our code calls, around one that Numba compiles."""

    def __init__(
        self, context: Any, module: Any, function: Any, symbol: str, params: Sequence[Form], results: Sequence[Form]
    ) -> None:
        self.context, self.module, self.function, self.symbol = context, module, function, symbol
        self.params, self.results = params, results

    def write(self) -> None:
        """Define it, once a module."""
        context = self.context
        if self.symbol in self.module.globals:
            return
        flat = _Flat(context, None)
        given = [(numba_type(form), form[2] == "A") for form in self.params]
        parts = [t for type_, strided in given for t in flat.types_of(type_, strided)]
        record = flat.record(self.results)
        kind = ll.FunctionType(STATUS, [record.as_pointer(), excinfo_ptr_t.as_pointer(), BYTES, *parts])
        define = ll.Function(self.module, kind, self.symbol)
        define.linkage = "linkonce_odr"
        builder = flat.builder = ll.IRBuilder(define.append_basic_block("entry"))
        incoming = list(define.args[3:])
        values = [flat.together(type_, incoming, strided) for type_, strided in given]
        out, returned = self._call(builder, [type_ for type_, _ in given], values)
        place = 0
        for form, type_, value in zip(self.results, returned, out, strict=True):
            wanted = numba_type(form)
            for part in flat.apart(wanted, self._as(builder, value, type_, wanted), strided=False):
                builder.store(part, builder.gep(define.args[0], [STATUS(0), STATUS(place)], inbounds=True))
                place += 1
        builder.ret(STATUS(0))

    def _call(self, builder: Any, given: Sequence[Any], values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        context = self.context
        kind: Any = types.Dispatcher(self.function)
        signature = kind.get_call_type(context.typing_context, tuple(given), {})
        out = context.get_function(kind, signature)(builder, values)
        result = signature.return_type
        if not self.results:
            return [], []
        if len(self.results) == 1:
            return [out], [result]
        return cgutils.unpack_tuple(builder, out), list(result)

    def _as(self, builder: Any, value: Any, have: Any, want: Any) -> Any:
        """A result in the form in which it crosses over."""
        context = self.context
        if have == want:
            return value
        if not isinstance(want, types.Array):
            if isinstance(have, types.Array):
                value = context.compile_internal(builder, _only_element, have.dtype(have), [value])
                have = have.dtype
            return context.cast(builder, value, have, want)
        if not isinstance(have, types.Array):
            value = context.cast(builder, value, have, want.dtype)
            return context.compile_internal(builder, _of_rank_zero, want(want.dtype), [value])
        if have.dtype != want.dtype:
            names = {"dtype": as_dtype(want.dtype)}
            convert = define("def implementation(a):\n    return a.astype(dtype)\n", names, _contiguous)
            made = context.compile_internal(builder, convert, want(have), [value])
        elif have.layout == "C" or not want.ndim:
            return value
        else:
            made = context.compile_internal(builder, _contiguous, want(have), [value])
        context.nrt.decref(builder, have, value)
        return made
