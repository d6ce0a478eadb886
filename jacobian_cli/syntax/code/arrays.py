"""Functions that rearrange arrays or make them."""

from __future__ import annotations

import ast
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, is_, listed, whole
from jacobian_cli.syntax.libraries import CONVEX, REFUSED, TENSORFLOW, TORCH
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import LITERAL, Call, Dots, Flag, Group, Literal, Name, Slice, Term, Text

SWAPS = ("swapaxes", "swapdims", "moveaxis", "movedim")
"""Functions that are told which two axes change places."""


def transpose(call: Arguments) -> Term:
    """NumPy names the new order of axes, PyTorch the two that change places."""
    terms = [call.code.term(a) for a in call.arguments]
    call.want_only("axis", "perm", "dim0", "dim1", "axis1", "axis2", "source", "destination")
    terms += map(call.code.term, call.keywords.values())
    terms = [*terms[:1], *map(listed, terms[1:])]
    x, order = terms[0], terms[1:]
    if not order:
        return call.call(".T", x) if call.name != "permute" else call.call("?turn", x)
    if len(order) == 1 and isinstance(order[0], Group):
        order = list(order[0].items)
    swaps = call.name in SWAPS or (call.name == "transpose" and call.library == TORCH)
    if call.name == "transpose" and not call.library and len(order) == 2:
        if [whole(axis) for axis in order] == [0, 1]:
            call.code.doubt("the two axes change places, as in PyTorch: `X.T`; in NumPy transpose(0, 1) leaves `X`")
        swaps = True
    if swaps and len(order) == 2:
        moved = call.name in ("moveaxis", "movedim")
        return call.call("?swap", x, *order, *([Text("moved", call.span)] if moved else []))
    return call.call("transpose", x, Group(tuple(order), call.span))


def _is_rows(call: Arguments, sizes: list[Term]) -> bool:
    """Whether what is laid out are the rows of a matrix, each flat as it is: flatten(1)."""
    said = [call.code.term(value) for word, value in call.keywords.items() if word == "start_dim"]
    return len(sizes) + len(call.keywords) == 1 and is_((*sizes, *said, None)[0], 1)


def reshape(call: Arguments) -> Term:
    order = call.keywords.pop("order", None)
    x, *sizes = [call.code.term(a) for a in call.arguments]
    if sizes and isinstance(sizes[-1], Text):
        order = call.arguments.pop()
        sizes.pop()
    if order is None and call.module in CONVEX and call.name == "reshape":
        raise call.refuse(
            "CVXPY rearranges entries column by column, CuPy row by row",
            "row by row it is cp.reshape(…, order='C'); all entries column by column are `vec(X)`",
        )
    if order is not None and not (isinstance(order, ast.Constant) and order.value == "C"):
        raise call.refuse("entries are rearranged row by row in the language", "column by column it is `vec(A)`")
    if call.name == "flatten" and call.library in (TORCH, "", None) and _is_rows(call, sizes):
        return Call("?upto", (x, x), (), call.span)
    call.want_only("shape", "newshape", "size")
    sizes += [call.code.term(value) for value in call.keywords.values()]
    if len(sizes) == 1 and isinstance(sizes[0], Call) and sizes[0].function == "stack":  # [-1]
        sizes = [*sizes[0].arguments]
    if call.name in ("flatten", "ravel") and sizes:
        raise call.refuse(
            "only whole arrays are laid out, row by row", "as in `reshape(X, -1)`; by columns it is `vec(X)`"
        )
    if not sizes:
        sizes = [Literal(Fraction(-1), call.span)]
    return call.call("reshape", x, *sizes)


def repeated(call: Arguments) -> Term:
    """Each entry so many times; a PyTorch tensor's own `repeat` is NumPy's `tile`."""
    many = len(call.arguments) > 2
    if call.method and call.name == "repeat" and len(call.arguments) == 3 and not (call.library or call.keywords):
        x, count, axis = map(call.code.term, call.arguments)
        along = call.call("repeat", x, count, axis=axis)
        if is_(axis, 0):  # nobody repeats no times
            return along
        name = x if isinstance(x, Name) else Name("x", x.span)
        tiled = spelled(call.call("tile", name, Group((count, axis), call.span)))
        rows = spelled(call.call("repeat", name, count, axis=axis))
        call.code.doubt(f"`{tiled}` is read, as PyTorch repeats; NumPy, along an axis, makes `{rows}`")
    if call.method and call.name == "repeat" and (call.library == TORCH or (many and not call.library)):
        x, *times = (call.code.term(a) for a in call.arguments)
        if not times or call.keywords:
            raise call.refuse("a tensor's repeat takes how often it stands along each axis", "as in `tile(x, 2)`")
        return call.call("tile", x, Group(tuple(times), call.span) if many else times[0])
    if call.method and not call.library and not call.keywords:
        call.code.doubt("`repeat(x, 2)` is read, each entry so many times, as in NumPy; PyTorch's is `tile(x, 2)`")
    given = call.bound("x", "repeats", "axis")
    if isinstance(given["repeats"], Group | Flag):
        raise call.refuse("how often an entry is repeated is one number here", "as in `repeat(x, 2)`")
    return call.call("repeat", given["x"], given["repeats"], axis=given.get("axis"))


def tiled(call: Arguments) -> Term:
    """A whole array several times, along each axis as often as is listed."""
    given = call.bound("x", "reps")
    return call.call("tile", given["x"], listed(given["reps"]))


def joined(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    parts = given["x"]
    if isinstance(parts, Call) and parts.function == "stack" and not parts.keywords:
        items = parts.arguments
    elif isinstance(parts, Group):
        items = parts.items
    else:
        raise call.refuse("what is joined is listed", "as in np.concatenate([x, y])")
    match call.name:
        case "hstack" | "vstack" | "column_stack" | "row_stack":
            return call.call(f"?{call.name}", *items)
        case "stack":
            return call.call("stack", *items, axis=given.get("axis"))
    if call.flat(1):
        return call.call("concat", *map(call.row, items))
    return call.call("concat", *items, axis=given.get("axis"))


def chosen(call: Arguments) -> Term:
    """Where a condition holds, x, elsewhere y; a PyTorch tensor's own `where` stands before its condition."""
    if "condition" in call.keywords:
        call.keywords["c"] = call.keywords.pop("condition")
    given = call.bound(*(("x", "c", "y") if call.method else ("c", "x", "y")))
    return call.call("where", given["c"], given["x"], given["y"])


def grown(call: Arguments) -> Term:
    """A new axis of length one."""
    given = call.bound("x", "axis")
    place = whole(given.get("axis", Flag(None, call.span)))
    span = call.span
    every = Slice(None, None, span)
    picks: dict[int | None, tuple[Term, ...]] = {
        0: (Flag(None, span),),
        1: (every, Flag(None, span)),
        2: (every, every, Flag(None, span)),
        -1: (Dots(span), Flag(None, span)),
    }
    if place not in picks:
        raise call.refuse("where does the new axis belong?", "as in x[:, None]")
    return call.call("[]", given["x"], Group(picks[place], span))


def squeezed(call: Arguments) -> Term:
    given = call.bound("x", "axis")
    if "axis" not in given:
        return call.call("squeeze", given["x"])
    if whole(given["axis"]) is None:
        raise call.refuse("which axis goes?", "as in x.squeeze(-1)")
    return call.call("?squeeze", given["x"], given["axis"])


def filled_array(call: Arguments) -> Term:
    """Arrays of constants, of sizes that are listed."""
    if call.name == "identity" and call.library == TENSORFLOW:  # a copy
        return same(call)
    if call.name in ("eye", "identity"):
        return unit_matrix(call)
    call.want_only("shape", "size", "fill_value")
    *given, last = [*call.arguments, *call.keywords.values()]
    if given and call.name not in ("full", "fill") and isinstance(last, ast.Name | ast.Attribute) and not call.keywords:
        listed_ = isinstance(given[0], ast.Tuple | ast.List)
        if listed_ or getattr(last, "attr", getattr(last, "id", "")).startswith(("float", "int", "bool", "double")):
            call.want_real(last)  # np.zeros(3, float)
            call.arguments.pop()
    terms = [call.code.term(a) for a in (*call.arguments, *call.keywords.values())]
    terms = [*map(listed, terms[:1]), *terms[1:]]
    sizes = [item for term in terms for item in (term.items if isinstance(term, Group) else (term,))]
    match call.name:
        case "full" | "fill":
            *sizes, value = sizes
            return call.call("*", value, call.call("ones", *sizes))
        case "empty":
            raise call.refuse("an array without values is no formula")
    return call.call(call.name, *sizes)


def unit_matrix(call: Arguments) -> Term:
    """Ones on the diagonal, of a matrix that need not be square where its sizes are numbers."""
    words = ("N", "M", "k") if call.library != TORCH else ("n", "m")
    if len(call.arguments) > len(words):
        raise call.refuse(f"{call.name} takes at most {len(words)} arguments here, not {len(call.arguments)}")
    given = dict(zip(words, call.arguments, strict=False))
    for word, value in call.keywords.items():
        name = _OF_UNIT.get(word, word) if word not in words else word
        name = name if name in words else name.swapcase()
        if name not in words or name in given:
            raise call.code.refuse(value, f"{call.name} has no option '{word}' that is read here")
        given[name] = value
    rows, columns = given.get(words[0]), given.get(words[1])
    if rows is None:
        raise call.refuse(f"'{call.name}' wants how many rows there are")
    if "k" in given and whole(call.code.term(given["k"])) != 0:
        raise call.code.refuse(given["k"], "ones beside the diagonal are not in the language", "declare a matrix")
    size = call.code.term(rows)
    if columns is None or (isinstance(columns, ast.Constant) and columns.value is None):
        return call.call("eye", size)
    other = call.code.term(columns)
    if ast.dump(rows) == ast.dump(columns):
        return call.call("eye", size)
    counts = whole(size), whole(other)
    if counts[0] is None or counts[1] is None:
        raise call.code.refuse(columns, "an identity matrix is square here", "as in `eye(n)`")
    larger = size if counts[0] >= counts[1] else other
    cut = Group(tuple(Slice(None, part, call.span) for part in (size, other)), call.span)
    return call.call("[]", call.call("eye", larger), cut)


_OF_UNIT = {"num_rows": "N", "num_columns": "M"}


def chained(call: Arguments) -> Term:
    return _folded(call, "?matmul", "what is multiplied is listed", "as in np.linalg.multi_dot([A, B, C])")


def _folded(call: Arguments, sign: str, message: str, hint: str) -> Term:
    """What is listed, with a sign between each two."""
    parts = call.bound("x")["x"]
    if not isinstance(parts, Call) or parts.function != "stack":
        raise call.refuse(message, hint)
    total, *rest = parts.arguments
    for part in rest:
        total = call.call(sign, total, part)
    return total


def contracted(call: Arguments) -> Term:
    """Axes are a number, or a list of two."""
    given = call.bound("x", "y", "axis")
    return call.call("tensordot", given["x"], given["y"], axes=given.get("axis"))


def multiplied(call: Arguments) -> Term:
    """The matrix product; TensorFlow's may transpose a factor first."""
    words = ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b")
    given = call.bound("x", "y", *words)
    turned = {word[-1] for word in words if word in given and is_(given[word], True)}
    x, y = given["x"], given["y"]
    if call.library == TENSORFLOW:  # which multiplies nothing but matrices; a column may be a vector here
        x, y = call.call("?weight", x), call.call("?weight", y) if turned else y
    x, y = (call.call("?turn", part) if side in turned else part for part, side in ((x, "a"), (y, "b")))
    return call.call("?matmul", x, y)


def of_vector(call: Arguments) -> Term:
    """TensorFlow's product of a matrix, which it may transpose first, and a vector."""
    words = ("transpose_a", "adjoint_a")
    given = call.bound("x", "y", *(words if call.library == TENSORFLOW else ()))
    x = call.call("?turn", given["x"]) if any(is_(given.get(word), True) for word in words) else given["x"]
    return call.call("?mv", x, given["y"])


def added_up(call: Arguments) -> Term:
    """TensorFlow's `add_n`, the sum of what is listed."""
    return _folded(call, "+", "what is added is listed", "as in tf.add_n([x, y])")


def matrix_power(call: Arguments) -> Term:
    given = call.bound("x", "n")
    return call.call("?mpower", given["x"], given["n"])


def same(call: Arguments) -> Term:
    """What changes neither values nor shape: casts and copies."""
    if call.name == "item" and len(call.arguments) > 1:
        raise call.refuse("an entry is picked by brackets here", "as in `x[2]`")
    if call.name == "item":
        want_moving(call)
    for value in (*call.arguments[1:], *call.keywords.values()):
        call.want_real(value)
    return call.code.term(call.arguments[0])


def scaled_sum(call: Arguments) -> Term:
    """A sum or difference; PyTorch's may scale the second."""
    given = call.bound("x", "y", *(["alpha"] if call.library in (TORCH, "") else []))
    sign = "+" if call.name == "add" else "-"
    return call.made(f"x {sign} alpha*y" if "alpha" in given else f"x {sign} y", given)


def embedded(call: Arguments) -> Term:
    """Rows of a table, by their numbers."""
    given = call.bound("x", "weight")
    return call.call("take", given["weight"], given["x"], axis=Literal(Fraction(0), call.span))


def counted(call: Arguments) -> Term:
    """`arange(n)` from 0 on, and `linspace(a, b, n)`."""
    if call.name == "arange":
        given = call.bound("stop") if len(call.arguments) < 2 and not {*call.keywords} - {"stop"} else {}
        if not given:
            raise call.refuse("only the numbers from 0 on are read", "as in `np.arange(n)`, or declare a variable")
        return call.call("-", _places(call, given["stop"]), Literal(Fraction(1), call.span))
    given = call.bound("start", "stop", "num")
    steps = call.call("-", _places(call, given["num"]), Literal(Fraction(1), call.span))
    return call.made("start + (stop - start)*steps/(num - 1)", {**given, "steps": steps})


def _places(call: Arguments, count: Term) -> Call:
    """1, 2, … up to a count, which is a size."""
    return call.call("cumsum", call.call("ones", count))


def appended(call: Arguments) -> Term:
    """NumPy's `append`: all entries in a row, unless an axis is told."""
    given = call.bound("x", "values", "axis")
    if "axis" in given:
        return call.call("concat", given["x"], given["values"], axis=given["axis"])
    values = given["values"]
    last = literal_of(values) if isinstance(values, Literal) else call.row(values)
    return call.call("concat", call.row(given["x"]), last)


def literal_of(number: Literal) -> Call:
    """A vector of one number."""
    return Call(LITERAL, (number,), (), number.span)


def from_values(call: Arguments) -> Term:
    """An array of what is listed, of numbers where it is listed in rows. PyTorch's `tensor` holds fixed what it is made
    of; what is a tensor there alone is the variable.
    """
    torch = call.library == TORCH and call.name == "tensor"
    if torch and call.arguments and not call.code.converts(call.arguments[0]):
        message = "torch.tensor holds fixed what it is made of, which is not in the language"
        raise call.refuse(message, "entries are put together by `torch.stack([x, y])`; what is held fixed is one name")
    x = call.bound("x")["x"]
    rows = x.arguments if isinstance(x, Call) and x.function == "stack" and not x.keywords else ()
    listed_rows = rows and all(isinstance(row, Call) and row.function == "stack" and not row.keywords for row in rows)
    return call.call("?entries", x) if listed_rows else x


def floating(call: Arguments) -> Term:
    """Python's `float`: of a word infinity, of a tensor what is held fixed."""
    value = call.arguments[0]
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        word = value.value.strip().lower()
        if word.lstrip("+-") not in ("inf", "infinity"):
            raise call.code.refuse(value, "this is no number of the language")
        infinite = Name("inf", call.span)
        return call.call("u-", infinite) if word[0] == "-" else infinite
    if not call.method and any(isinstance(part, ast.Call) for part in ast.walk(value)):
        want_moving(call)
    return call.bound("x")["x"]


def want_moving(call: Arguments) -> None:
    """Refuse a plain number of a tensor in the middle of a formula, which PyTorch holds fixed."""
    if call.code.library == TORCH:
        message = f"{call.name}() holds its value fixed in PyTorch, which is not in the language"
        raise call.refuse(message, REFUSED["detach"])
    if not call.code.library:
        call.code.doubt(f"what {call.name}() gives is differentiated like any value; PyTorch holds it fixed")
