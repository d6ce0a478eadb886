"""Forms of symmetric matrices whose values are symmetric to the last bit.

On paper a Hessian is its own transpose; rounding may make one of its halves differ from the other. Where the way it is
written settles that (a + aᵀ, x xᵀ, XᵀX, a diagonal) nothing is done, elsewhere the smallest part is averaged with its
transpose. A product that reads the same from both ends, Xᵀ diag(d) X with d ≥ 0, is first written RᵀR with R = √d ⊙ X:
of such a product BLAS computes one half (syrk; C. L. Lawson et al., Basic Linear Algebra Subprograms, 1979).
"""

from __future__ import annotations

from types import MappingProxyType

from jacobian_cli.calculus.notation import write
from jacobian_cli.calculus.notation.definite import Facts
from jacobian_cli.calculus.notation.ranges import is_nonnegative
from jacobian_cli.expr import Apply, Defined, Expr, Variable, size_names, walk

_LETTER, _HALF = "H", "R"
_AROUND = frozenset({"+", "-", "u-", "*", "/", "kron"})
_NOTHING: Facts = MappingProxyType({})


def symmetrised(form: Expr, facts: Facts = _NOTHING) -> Expr:
    """The form of a symmetric matrix, with a value that is exactly symmetric, under the facts declared of variables.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> read = lambda formula: elaborate([parse_statement(formula)]).output
    >>> symmetrised(read("2*kron(eye(n), V.T@V)")) is read("2*kron(eye(n), V.T@V)")
    True
    >>> product = symmetrised(read("X.T@diag(exp(x))@X"))
    >>> text(product), text(product.arguments[1].body)
    ('R.T@R', 'diag(sqrt(exp(x)))@X')
    """
    form = _halved(form, facts)
    return form if exactly(form) else _averaged(form)


def _halved(form: Expr, facts: Facts) -> Expr:
    """The same with the products in it that read the same from both ends as R.T@R."""
    if not isinstance(form, Apply) or len(form.shape) != 2 or exactly(form):
        return form
    if form.function in _AROUND:
        arguments = [_halved(a, facts) for a in form.arguments]
        return form if arguments == list(form.arguments) else write.apply(form.function, *arguments)
    numbers, factors = _apart(form)
    half = _half(factors, facts) if form.function == "@" else None
    if half is None:
        return form
    named = Defined(_free(_HALF, form), half)
    square = write.apply("@", write.apply(".T", named), named)
    for number in reversed(numbers):
        square = write.apply("u-", square) if number is None else write.apply("*", number, square)
    return square


def _half(left: list[Expr], facts: Facts) -> Expr | None:
    """R of a product of these matrices that is R.T@R."""
    right = list[Expr]()
    while len(left) > 1 and all(len(f.shape) == 2 for f in left) and _are_transposes(left[0], left[-1]):
        right.insert(0, left[-1])
        left = left[1:-1]
    match left:
        case [Apply(function="diag", arguments=(weights,))] if right and is_nonnegative(weights, facts):
            right.insert(0, write.apply("diag", write.apply("sqrt", weights)))
        case [_, *_]:
            return None
    found = None
    for factor in reversed(right):
        found = factor if found is None else write.apply("@", factor, found)
    return found


def _apart(form: Expr) -> tuple[list[Expr | None], list[Expr]]:
    """The numbers that multiply a product of matrices, a minus being `None`, and its matrices."""
    if isinstance(form, Apply) and len(form.shape) == 2:
        match form.function, form.arguments:
            case "@", (a, b):
                (one, left), (other, right) = _apart(a), _apart(b)
                return [*one, *other], [*left, *right]
            case "u-", (a,):
                numbers, matrices = _apart(a)
                return [None, *numbers], matrices
            case "*", (a, b) if not a.shape:
                numbers, matrices = _apart(b)
                return [a, *numbers], matrices
    return [], [form]


def _are_transposes(a: Expr, b: Expr) -> bool:
    return a is write.apply(".T", b) or b is write.apply(".T", a)


def _free(name: str, form: Expr) -> str:
    taken = {node.name for node in walk([form]) if isinstance(node, Variable | Defined)} | set(size_names([form]))
    while name in taken:
        name += "_"
    return name


def _averaged(form: Expr) -> Expr:
    if exactly(form):
        return form
    if isinstance(form, Apply) and len(form.shape) == 2:
        arguments = form.arguments
        if form.function in ("*", "/") and len(arguments[1].shape) + len(arguments[0].shape) == 2:
            if not (form.function == "/" and arguments[1].shape):
                return write.apply(form.function, *(a if not a.shape else _averaged(a) for a in arguments))
        elif form.function == "u-":
            return write.apply("u-", _averaged(arguments[0]))
        elif form.function == "kron" and any(exactly(a) for a in arguments):
            return write.apply("kron", *map(_averaged, arguments))
    named = Defined(_free(_LETTER, form), form)
    return write.apply("/", write.apply("+", named, write.apply(".T", named)), write.number(2))


def exactly(form: Expr) -> bool:
    """Whether a form has a symmetric value by the way it is computed."""
    if not isinstance(form, Apply) or len(form.shape) != 2:
        return not form.shape
    arguments = form.arguments
    match form.function:
        case "eye":
            return True
        case "diag":
            return len(arguments[0].shape) == 1
        case "u-":
            return exactly(arguments[0])
        case "outer":
            return arguments[0] is arguments[1]
        case "+":
            return (
                arguments[0] is write.apply(".T", arguments[1])
                or arguments[1] is write.apply(".T", arguments[0])
                or (all(map(exactly, arguments)) and all(len(a.shape) == 2 for a in arguments))
            )
        case "-":
            return all(map(exactly, arguments)) and all(len(a.shape) == 2 for a in arguments)
        case "*" | "kron":
            return all(map(exactly, arguments))
        case "/":
            return exactly(arguments[0]) and not arguments[1].shape
        case "@":  # of a matrix with its own transpose, BLAS computes one half
            return len(arguments[0].shape) == 2 and _are_transposes(arguments[0], arguments[1])
    return False
