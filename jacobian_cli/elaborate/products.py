"""Doubts about products and quotients that others read as those of matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jacobian_cli.elaborate.habits import MATRIX, VECTOR, habit, holds_weights, of_time
from jacobian_cli.elaborate.quoting import Edit, Typed, changed, edited, quoted, row_of, text_at, written
from jacobian_cli.elaborate.shaped import LEANING
from jacobian_cli.elaborate.statement import names_in
from jacobian_cli.elaborate.terms import elementwise, of_matrices
from jacobian_cli.ops import Kind
from jacobian_cli.shape import ONE
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.names import key
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Literal, Name, Term, parts_of, terms_in

IDENTITY = "I"
"""What mathematicians call the identity, and add to products of matrices."""

_MASKS = frozenset(("M", "R", "m", "r", "mask", "Mask", "MASK", "Omega", "Ω", IDENTITY))
"""What picks or weighs the entries of a matrix: a mask, which ratings are known; a current I."""
_GATES = frozenset("FIOGCZHR")
"""What is multiplied entry by entry in cells that remember."""


def products(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`W*x` and `A*B.T`, which read as matrix products outside this language."""
    terms = [term for term in statement.terms if isinstance(term, Call)]
    of_matrices = {
        id(a)
        for term in terms
        if (row := row_of(term)) is not None and (row.of_scalar or row.name == "diag")
        for a in term.arguments
    }
    identity = IDENTITY in typed.assumed and any(  # (I - K*C)*P
        term.function in ("+", "-") and any(isinstance(a, Name) and a.text == IDENTITY for a in term.arguments)
        for term in terms
    )
    bare = not statement.notation and not any("@" in one.source for one in typed.statements)
    strict = [
        term
        for term in terms
        if _looks_matrix(typed, term, identity or id(term) in of_matrices or (bare and _of_capitals(term)))
    ]
    scaled = _of_matrices(typed, terms)
    strict = [t for t in strict if [typed.order(a) for a in t.arguments] != [1, 2] or id(t) not in scaled]
    if not strict:
        return
    seen = {id(term) for term in strict}
    also = [  # once one * is a matrix product, those that meet its value are
        term
        for term in terms
        if term.function == "*"
        and id(term) not in seen
        and [typed.order(a) for a in term.arguments] in ([2, 2], [1, 2])
        and (any(id(part) in seen for part in terms_in(term)) or any(term is t.arguments[0] for t in strict))
    ]
    for found in ([*strict, *also], strict) if also else (strict,):
        for other in _others(typed, statement, found):
            if other is not None and typed.fits(statement, other):
                inside = {id(part) for term in found for part in terms_in(term) if part is not term}
                whole = next(term for term in found if id(term) not in inside)
                taken, meant = quoted(statement, other, whole.span)
                yield Doubt(f"`{taken}` multiplies entry by entry; with the matrix product it is `{meant}`")
                return


def _of_matrices(typed: Typed, terms: Sequence[Call]) -> set[int]:
    """The parts that stand where a matrix is wanted, so that a number scales it rather than a row: A + t*B."""
    found: set[int] = set()
    for term in terms:
        row = row_of(term)
        if term.function == "@" or (row is not None and row.of_scalar):
            found |= {id(part) for part in term.arguments}
        elif term.function in ("+", "-"):
            for part, other in (term.arguments, term.arguments[::-1]) if len(term.arguments) > 1 else ():
                if typed.order(other) == MATRIX and not _row_times_matrix(typed, other):
                    found |= {id(part)}
    return found


def _row_times_matrix(typed: Typed, term: Term) -> bool:
    return (
        isinstance(term, Call)
        and term.function == "*"
        and [typed.order(part) for part in term.arguments] == [VECTOR, MATRIX]
    )


def _others(typed: Typed, statement: Definition, found: Sequence[Call]) -> Iterator[Definition | None]:
    """The statement with products of matrices: in its own text, or with W.T@x for rows times matrices."""
    if not statement.notation:
        yield edited(statement, [edit for term in found for edit in _matrix_product(typed, statement, term)])
    rows: set[int] = set()
    for term in sorted(found, key=lambda term: term.span.stop - term.span.start):  # those inside come first
        left, right = term.arguments
        inner = any(id(part) in rows for part in terms_in(left))
        if typed.order(right) == MATRIX and (typed.order(left) == VECTOR or inner):
            rows.add(id(term))
    if statement.notation or rows:
        yield changed(statement, {id(t): _turned_product if id(t) in rows else _product for t in found})


def _product(term: Call) -> Term:
    return replace(term, function="@")


def _turned_product(term: Call) -> Term:
    """xW as a column, W.T@x."""
    left, right = term.arguments
    below = right.arguments[0] if isinstance(right, Call) and right.function == ".T" else None
    return Call("@", (below or Call(".T", (right,), (), right.span), left), (), term.span)


def _matrix_product(typed: Typed, statement: Definition, term: Call) -> Iterator[Edit]:
    """The sign between the factors, and the transpose of a vector that then stands before a matrix."""
    left, right = term.arguments
    at = statement.source.find("*", left.span.stop, right.span.start)
    if at >= 0:
        yield Span(at, at + 1), "@"
        if (typed.order(left), typed.order(right)) == (1, 2) and isinstance(left, Name):
            yield Span(left.span.stop, left.span.stop), ".T"


def outer(typed: Typed, statement: Definition, term: Call) -> Iterator[Doubt]:
    """`softmax(q@k.T)`, whose q and k were taken for vectors: a function of rows asks for matrices."""
    if term.function != "@" or not any(_of_rows(t) for s in typed.statements for t in s.terms):
        return
    match term.arguments:
        case (Name(text=left) as one, Call(function=".T", arguments=(Name(text=right) as other,))) if {
            left,
            right,
        } <= typed.assumed.keys() and typed.order(one) == typed.order(other) == 1:
            declared = f"`-s {left}=n,d` `-s {right}=m,d`"
            yield Doubt(f"`{left}@{right}.T` is the outer product of two vectors; matrices are declared: {declared}")


def _of_rows(term: Term) -> bool:
    row = row_of(term) if isinstance(term, Call) else None
    return row is not None and row.kind is Kind.ROW


def _looks_matrix(typed: Typed, term: Call, of_matrices: bool) -> bool:
    """Whether a product reads as one of matrices; `of_matrices` says that a determinant or the like is taken of it."""
    if term.function != "*":
        return False
    left, right = term.arguments
    shapes = [typed.shapes.get(id(a), ()) for a in term.arguments]
    if not typed.open(term):
        return _made(left) and [len(shape) for shape in shapes] == [2, 1]
    if isinstance(left, Name) and left.text in typed.demanded and not shapes[0]:
        return habit(left.text) == 2 and len(shapes[1]) == 1 and not of_time(left.text)
    if _reduced(right) or _reduced(left):
        return False
    if isinstance(right, Name) and right.text in typed.assumed and (len(shapes[0]), len(shapes[1])) == (2, 0):
        return key(right.text)[0] in LEANING  # X*theta
    row = turned(left) and len(shapes[0]) == 2 and shapes[0][0] is ONE
    if row and len(shapes[1]) == 2:
        return True
    if any(len(shape) not in (1, 2) or ONE in shape for shape in shapes):
        return False
    match [len(shape) for shape in shapes]:
        case [2, 1]:
            return True
        case [1, 2]:
            return isinstance(right, Name) or (turned(right) and isinstance(parts_of(right)[0], Name))
        case [2, 2]:
            return of_matrices or any(turned(part) or _made(part) for part in term.arguments)
    return False


def _of_capitals(term: Call) -> bool:
    """Whether a product is one of two names of matrices, X*W or a1*W2, neither a mask nor two gates."""
    match term.arguments:
        case (Name(text=left), Name(text=right)) if left != right:
            stems = key(left)[0], key(right)[0]
            capitals = habit(left) == habit(right) == MATRIX or holds_weights(left) or holds_weights(right)
            return capitals and _MASKS.isdisjoint(stems) and not _GATES.issuperset(stems)
    return False


def quotients(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`1/X` and `X/Y` of matrices, which others read as inverses; where all goes entry by entry, so does this."""
    entries = {
        id(part)
        for term in statement.terms
        if isinstance(term, Call) and term.function not in ("+", "-", "/", "u-") and elementwise(term)
        for part in terms_in(term)
        if part is not term
    }
    for term in statement.terms:
        if not (isinstance(term, Call) and term.function == "/" and typed.open(term)) or id(term) in entries:
            continue
        above, below = term.arguments
        if not (typed.order(below) == 2 and typed.order(above) in (0, 2)) or not _inverted(typed, statement, below):
            continue
        if isinstance(above, Call) and above.function.isidentifier() and elementwise(above):
            continue
        inside = written(statement, below) if isinstance(below, Name) else spelled(_identity_in(typed, below))
        inverse = f"inv({inside})"
        if not isinstance(above, Literal) or above.value != 1:
            part = written(statement, above)
            product = isinstance(above, Call) and above.function in ("@", "*", ".T") and isinstance(below, Call)
            held = part if product or isinstance(above, Name | Literal) else f"({part})"
            inverse = f"{held}{'@' if typed.order(above) else '*'}{inverse}"
        other = None if statement.notation else edited(statement, [(term.span, inverse)])
        if statement.notation or (other is not None and typed.fits(statement, other)):
            taken, meant = quoted(statement, other, term.span) if other else (spelled(term), inverse)
            names = [name for name in dict.fromkeys(names_in(term)) if len(typed.assumed.get(name, ())) == 2]
            ways = " ".join(f"`-s {name}=()`" for name in names) if 1 < len(names) < 5 and not turned_in(term) else ""
            numbers = f"; numbers are declared: {ways}" if ways and statement.notation else ""
            yield Doubt(f"`{taken}` divides entry by entry; with the inverse of the matrix it is `{meant}`{numbers}")
            return


def _inverted(typed: Typed, statement: Definition, below: Term) -> bool:
    """Whether what divides may be meant as a matrix whose inverse is taken: X, HPHᵀ + R, 1 + GK on a board; nothing
    with a function of entries in it.
    """
    if isinstance(below, Name):
        return True
    if typed.shapes[id(below)][0] is ONE or not of_matrices(below):
        return False
    return bool(statement.notation) or not any(isinstance(part, Literal) for part in terms_in(below))


def _identity_in(typed: Typed, below: Term) -> Term:
    """A sum of matrices and numbers with these on the diagonal: I + GK of 1 + GK."""
    size = str(typed.shapes[id(below)][0])

    def held(term: Term) -> Term:
        if isinstance(term, Call) and term.function in ("+", "-"):
            return replace(term, arguments=tuple(map(held, term.arguments)))
        if typed.order(term) or not isinstance(term, Name | Literal):
            return term
        eye = Call("eye", (Name(size, term.span),), (), term.span)
        return eye if isinstance(term, Literal) and term.value == 1 else Call("*", (term, eye), (), term.span)

    return held(below)


def turned_in(term: Term) -> bool:
    """Whether something is transposed in a part, whose names are matrices for sure."""
    return any(turned(part) for part in terms_in(term))


def _reduced(term: Term) -> bool:
    """Whether a part is a mean or the like along an axis, which scales the others as NumPy's arrays do."""
    if not isinstance(term, Call):
        return False
    if elementwise(term):
        return any(map(_reduced, term.arguments))
    row = row_of(term)
    return row is not None and row.kind is Kind.REDUCTION and any(name == "axis" for name, _ in term.keywords)


def turned(term: Term) -> bool:
    return isinstance(term, Call) and term.function == ".T"


def _made(term: Term) -> bool:
    """Whether a matrix is made by a function that nobody applies to multiply entry by entry."""
    made = ("diag", "inv", "outer", "kron", "solve", "expm", "pinv", "transpose", "eye")
    if isinstance(term, Call) and term.function == "u-":
        return _made(term.arguments[0])
    return isinstance(term, Call) and term.function in made


def spread(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`y*X@w`: the vector scales the columns of X first, for both signs bind alike."""
    terms = statement.terms
    behind = {id(term.arguments[0]): term for term in terms if isinstance(term, Call) and term.function == "@"}
    for term in terms:
        if not (isinstance(term, Call) and term.function == "*" and id(term) in behind and typed.open(term)):
            continue
        left, right = term.arguments
        end = behind[id(term)]
        if (typed.order(left), typed.order(right)) != (1, 2) or statement.source[end.span.start] == "(":
            continue
        while id(end) in behind:
            end = behind[id(end)]
        start = statement.source.find("*", left.span.stop) + 1
        later = edited(statement, [(Span(start, start), "("), (Span(end.span.stop, end.span.stop), ")")])
        now = edited(
            statement, [(Span(term.span.start, term.span.start), "("), (Span(term.span.stop, term.span.stop), ")")]
        )
        if later is not None and now is not None and typed.fits(statement, later):
            span = Span(term.span.start, end.span.stop + 2)
            taken, meant = (text_at(one, span) for one in (now, later))
            yield Doubt(f"`{taken}` is read, as in NumPy; with the matrix product first it is `{meant}`")


def spread_in_code(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`np.exp(-y*X@w)`: the same in code."""
    for term in statement.calls:
        if term.function != "@" or not isinstance(first := term.arguments[0], Call) or first.function != "*":
            continue
        (left, right), last = first.arguments, term.arguments[1]
        between = statement.source[first.span.stop : last.span.start].strip()
        if between != "@" or (typed.order(left), typed.order(right)) != (1, 2) or not typed.open(first):
            continue
        later = replace(first, arguments=(left, Call("@", (right, last), (), term.span)))

        def multiplied(_: Term, made: Term = later) -> Term:
            return made

        other = changed(statement, {id(term): multiplied})
        if other is not None and typed.fits(statement, other):
            now = f"({spelled(first)})@{spelled(last)}"
            yield Doubt(f"`{now}` is read, as in NumPy; with the matrix product first it is `{spelled(later)}`")
