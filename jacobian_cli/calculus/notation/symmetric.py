"""Forms of symmetric matrices whose values are symmetric to the last bit.

On paper a Hessian is its own transpose; rounding may make one of its halves differ from the other. Where the way it is
written settles that (a + aᵀ, x xᵀ, XᵀX, a diagonal) nothing is done, elsewhere the smallest part is averaged with its
transpose.
"""

from __future__ import annotations

from jacobian_cli.calculus.notation import write
from jacobian_cli.expr import Apply, Defined, Expr, Variable, size_names, walk

_LETTER = "H"


def symmetrised(form: Expr) -> Expr:
    """The form of a symmetric matrix, with a value that is exactly symmetric.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.printers.language import text
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> read = lambda formula: elaborate([parse_statement(formula)]).output
    >>> symmetrised(read("2*kron(eye(n), V.T@V)")) is read("2*kron(eye(n), V.T@V)")
    True
    """
    if exactly(form):
        return form
    if isinstance(form, Apply) and len(form.shape) == 2:
        arguments = form.arguments
        if form.function in ("*", "/") and len(arguments[1].shape) + len(arguments[0].shape) == 2:
            if not (form.function == "/" and arguments[1].shape):
                return write.apply(form.function, *(a if not a.shape else symmetrised(a) for a in arguments))
        elif form.function == "u-":
            return write.apply("u-", symmetrised(arguments[0]))
        elif form.function == "kron" and any(exactly(a) for a in arguments):
            return write.apply("kron", *map(symmetrised, arguments))
    taken = {node.name for node in walk([form]) if isinstance(node, Variable | Defined)} | set(size_names([form]))
    name = _LETTER
    while name in taken:
        name += "_"
    named = Defined(name, form)
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
            return len(arguments[0].shape) == 2 and (
                arguments[0] is write.apply(".T", arguments[1]) or arguments[1] is write.apply(".T", arguments[0])
            )
    return False
