"""Picking by places, windows and what stands around arrays, as libraries spell them."""

from __future__ import annotations

import ast
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import Arguments, listed, whole
from jacobian_cli.syntax.libraries import TENSORFLOW, TORCH
from jacobian_cli.syntax.tree import Call, Dots, Flag, Group, Literal, Slice, Term, Text


def counts_rows(node: ast.expr) -> bool:
    """Whether an index counts the rows one by one: `range(n)`, `np.arange(len(y))`."""
    if not isinstance(node, ast.Call) or len(node.args) != 1:
        return False
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in ("range", "arange")
    return False


def flipped(call: Arguments) -> Term:
    """Axes may be one, several, or a list of them."""
    x, *axes = [call.code.term(argument) for argument in call.arguments]
    call.want_only("axis")
    if "axis" in call.keywords:
        axes = [call.code.term(call.keywords["axis"])]
    if call.name in ("fliplr", "flipud"):
        axes = [Literal(Fraction(call.name == "fliplr"), call.span)]
    flat = [item for axis in axes for item in _items(axis) if not isinstance(item, Flag)]
    return call.call("flip", x, *([Group(tuple(flat), call.span)] if flat else []))


def _items(term: Term) -> tuple[Term, ...]:
    return term.items if isinstance(term := listed(term), Group) else (term,)


def selected(call: Arguments) -> Term:
    given = call.bound("x", "axis", "index")
    return call.call("take", given["x"], given["index"], axis=given["axis"])


def taken(call: Arguments) -> Term:
    """Of all entries in a row, unless an axis is told."""
    given = call.bound("x", "indices", "axis")
    x = given["x"] if "axis" in given else call.row(given["x"])
    return call.call("take", x, given["indices"], axis=given.get("axis"))


def taken_along(call: Arguments) -> Term:
    """PyTorch names the axis before the places, NumPy behind them; TensorFlow's takes rows."""
    if call.library == TENSORFLOW:
        given = call.bound("x", "indices", "axis")
        first = Literal(Fraction(0), call.span)
        return call.call("take", given["x"], given["indices"], axis=given.get("axis", first))
    names = ("x", "axis", "index") if call.name == "gather" else ("x", "indices", "axis")
    given = call.bound(*names)
    axis = whole(given.get("axis", Literal(Fraction(-1), call.span)))
    if axis not in (1, -1):
        raise call.refuse("one entry of each row is picked along the last axis", "as in torch.gather(P, 1, y)")
    return call.call("take_along_axis", given["x"], given[names[1] if names[1] != "axis" else "index"])


def one_hot(call: Arguments) -> Term:
    given = call.bound("x", "num_classes")
    if "num_classes" not in given or (isinstance(given["num_classes"], Literal) and whole(given["num_classes"]) == -1):
        raise call.refuse("how many classes there are is told", "as in F.one_hot(y, 10)")
    return call.call("one_hot", given["x"], given["num_classes"])


_MOST_PARTS = 32


def parts(call: Arguments) -> Term:
    """A list of so many equal parts (NumPy's split, PyTorch's chunk), of parts that end at these places, or of such
    lengths (PyTorch's split), along the first axis unless told otherwise.
    """
    given = call.bound("x", "parts", "axis")
    x, told, span = given["x"], given["parts"], call.span
    axis = whole(given.get("axis", Literal(Fraction(0), span)))
    lengths = call.name == "split" and (call.library == TORCH or (call.method and not call.library))
    listed_ = [whole(item) for item in _items(told)] if isinstance(listed(told), Group) else None
    if lengths and listed_ is None:
        return call.call("?split", x, told, Literal(Fraction(axis or 0), span))
    if listed_ is None:
        count = whole(told)
        if count is None or not 0 < count <= _MOST_PARTS:
            raise call.refuse("into how many parts is it split?", "as in `np.split(x, 2)[0]`")
        pieces = [
            call.call("chunk", x, told, Literal(Fraction(k), span), axis=Literal(Fraction(axis or 0), span))
            for k in range(count)
        ]
        return Group(tuple(pieces), span)
    ends = [end for end in listed_ if end is not None]
    if len(ends) < len(listed_) or axis not in (0, 1, -1):
        raise call.refuse("where it is split is listed in whole numbers", "as in `np.split(x, [2, 5])[0]`")
    if lengths:
        ends = [sum(ends[: k + 1]) for k in range(len(ends))]
    bounds = [*zip([None, *ends], ends, strict=False)] + ([] if lengths else [(ends[-1], None)])
    return Group(tuple(_cut(call, x, start, stop, axis) for start, stop in bounds), span)


def _cut(call: Arguments, x: Term, start: int | None, stop: int | None, axis: int | None) -> Term:
    """A slice along one axis."""
    span = call.span
    first, last = (None if bound is None else Literal(Fraction(bound), span) for bound in (start, stop))
    before: dict[int | None, tuple[Term, ...]] = {0: (), 1: (Slice(None, None, span),), -1: (Dots(span),)}
    return call.call("[]", x, Group((*before[axis], Slice(first, last, span)), span))


def is_parts(term: Term) -> bool:
    """Whether a term is what is split into parts of one length, however many."""
    return isinstance(term, Call) and term.function == "?split"


def piece(call: Call, place: int, count: int | None) -> Term:
    """The part at a place of what is split into parts of one length, of so many if that is known."""
    x, length, axis = call.arguments
    size, span = whole(length), call.span
    if size is not None and isinstance(axis, Literal):
        first, last = (Literal(Fraction(bound), span) for bound in (place * size, (place + 1) * size))
        before: dict[int, tuple[Term, ...]] = {0: (), 1: (Slice(None, None, span),), -1: (Dots(span),)}
        picks = Group((*before.get(int(axis.value), (Dots(span),)), Slice(first, last, span)), span)
        return Call("[]", (x, picks), (), span)
    parts_ = Literal(Fraction(count or 1), span)
    return Call("chunk", (x, parts_, Literal(Fraction(place), span)), (("axis", axis),), span)


def padded(call: Arguments) -> Term:
    """PyTorch lists pairs from the last axis on; NumPy has a pair for each axis, or one for all."""
    given = call.bound("x", "pad_width" if call.library != TORCH else "pad", "mode", "value", "constant_values")
    width = given["pad_width" if call.library != TORCH else "pad"]
    mode = given.get("mode")
    zero = all(whole(given[name]) == 0 for name in ("value", "constant_values") if name in given)
    if (mode is not None and not (isinstance(mode, Text) and mode.value == "constant")) or not zero:
        raise call.refuse("only zeros are put around", "as in F.pad(x, (1, 2))")
    if call.library != TORCH:
        return call.call("pad", given["x"], listed(width))
    sides, made = _items(width), given["x"]
    if len(sides) % 2:
        raise call.refuse("there is a pair of widths for each axis", "as in F.pad(x, (1, 2))")
    for k in range(0, len(sides), 2):
        axis = Literal(Fraction(-1 - k // 2), call.span)
        made = call.call("pad", made, Group(sides[k : k + 2], width.span), axis=axis)
    return made


def convolved(call: Arguments) -> Term:
    """PyTorch's convolutions, whose third argument is a bias for each channel that comes out."""
    want_channels_first(call)
    given = call.bound("x", "weight", "bias", "stride", "padding", "dilation", "groups")
    for name in ("dilation", "groups"):
        if name in given and whole(given[name]) != 1:
            raise call.refuse(f"{name} other than 1 is not in the language", "as in F.conv1d(X, W, stride=2)")
    made = call.call(call.name, given["x"], given["weight"], stride=given.get("stride"), padding=given.get("padding"))
    if "bias" not in given:
        return made
    every, new = Slice(None, None, call.span), Flag(None, call.span)
    behind = Group((every, *[new] * int(call.name[4])), call.span)
    return call.call("+", made, call.call("[]", given["bias"], behind))


def slid(call: Arguments) -> Term:
    """`np.convolve` is full unless told otherwise, `np.correlate` valid."""
    given = call.bound("x", "v", "mode")
    mode = given.get("mode")
    told = mode.value if isinstance(mode, Text) else None
    if mode is None and call.name == "correlate" and call.module.rpartition(".")[2] == "signal":
        told = "full"
    if mode is not None and told not in ("valid", "same", "full"):
        raise call.refuse("a mode is 'valid', 'same' or 'full'")
    x, kernel = given["x"], given["v"]
    if told == "same":
        call.code.doubt("the first of the two is the longer, so that what is read has its length")
    if told in (None, "full" if call.name == "convolve" else "valid"):
        return call.call(call.name, x, kernel)
    turned = call.call("flip", kernel)
    if told == "same" and not _odd(kernel):  # PyTorch leaves out one more in front of an even kernel, these behind it
        x, kernel = call.call("flip", x), turned if call.name == "correlate" else kernel
        return call.call("flip", call.call("conv1d", x, kernel, padding=Text("same", call.span)))
    kernel = turned if call.name == "convolve" else kernel
    return call.call("conv1d", x, kernel, padding=None if told == "valid" else Text(str(told), call.span))


def _odd(kernel: Term) -> bool:
    """Whether a kernel is a list of an odd number of entries."""
    match kernel:
        case Group(items=items) | Call(function="[,]" | "stack", arguments=items, keywords=()):
            return len(items) % 2 == 1
    return False


def want_channels_first(call: Arguments) -> None:
    """Refuse TensorFlow's convolutions and pooling, where channels lie along the last axis."""
    if call.library == TENSORFLOW:
        message = "TensorFlow's channels lie along the last axis, those of the language before what is slid along"
        raise call.refuse(message, "as in F.conv2d(X, W), with channels first")


def pooled(call: Arguments) -> Term:
    want_channels_first(call)
    given = call.bound("x", "kernel_size", "stride", "padding")
    name = call.name.replace("1d", "")
    return call.call(name, given["x"], given["kernel_size"], stride=given.get("stride"), padding=given.get("padding"))


def unfolded(call: Arguments) -> Term:
    """A tensor's windows along one axis, a step apart."""
    given = call.bound("x", "dimension", "size", "step")
    if whole(given["dimension"]) != -1:
        raise call.refuse("windows lie along the last axis here", "as in x.unfold(-1, 3, 1)")
    made = call.call("unfold", given["x"], given["size"])
    step = given["step"]
    if whole(step) == 1:
        return made
    every = Slice(None, None, call.span)
    return call.call("[]", made, Group((Dots(call.span), Slice(None, None, call.span, step), every), call.span))
