"""Operators and comparisons."""

from __future__ import annotations

from jacobian_cli.ops import picking, structure
from jacobian_cli.ops.row import Kind, Law, Row

OPERATORS = (
    Row(name="+", summary="sum", parameters=("x", "y"), algebra="sum", numpy="add",
        law=Law("sum rule", "a sum passes the gradient on to each of its terms"), flow="+ distributes"),
    Row(name="*", summary="element-wise product", parameters=("x", "y"), algebra="product",
        numpy="multiply", law=Law("product rule", "one factor at a time, the others held fixed"),
        math="×", flow="× switches"),
    Row(
        name="**",
        summary="element-wise power",
        parameters=("x", "y"),
        algebra="power",
        numpy="power",
        math="^",
        flow="a power scales by its slope",
        derivative=("y*x**(y - 1)", "ans*log(x)"),
        computed={"x": "y*x**(where(y == 0, 1, y) - 1)", "y": "ans*log(where(x == 0, where(y > 0, 1, x), x))"},
        domain=("x",),
        law=Law("power rule", "the exponent comes down, and one power goes"),
    ),
    Row(
        name="-", summary="difference", parameters=("x", "y"), definition="x + -1*y", numpy="subtract",
        law=Law("sum rule", "what is subtracted gets a minus"),
        math="−", flow="− distributes, the second with a minus"
    ),
    Row(name="u-", summary="negative", definition="-1*x", numpy="negative", law=Law("constant factor"),
        math="−", flow="− turns the sign"),
    Row(
        name="/", summary="element-wise quotient", parameters=("x", "y"), definition="x*y**-1", numpy="divide",
        law=Law("quotient rule"), math="÷", flow="÷ scales by its slopes"
    ),
    Row(
        name="@",
        summary="matrix product, matrix times vector, dot product, outer product",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=(
            "1j,j->", "i,1j->ij", "1j,jk->1k", "ij,jk->ik", "ij,j->i", "i,i->", ",1j->1j", "i,->i",
            "...ij,j->...i", "...ij,...jk->...ik",
    ),
        numpy="matmul",
        law=Law("matrix product", "upstream times the other factors transposed, each on its own side"),
        math="matmul",
        flow="matmul multiplies by the transpose",
    ),
    Row(
        name=".T",
        summary="transpose; of a tensor all axes, the last first",
        kind=Kind.CONTRACTION,
        signatures=("1i->i", "i->1i", "ij->ji", "->", "ijk->kji", "ijkl->lkji"),
        numpy="transpose",
        moves=True,
        law=Law("transpose"),
        math="ᵀ",
        flow="the transpose turns back",
    ),
    Row(name="[]", summary="indexing", kind=Kind.SHAPE, options=("index",), rule=picking.index,
        settle=picking.settle_index, form=structure.index, moves=True, numpy="index",
        law=Law("indexing", "what was not picked gets 0"), math="[ ]", flow="an index puts back, zeros elsewhere"),
)  # fmt: skip

COMPARISONS = tuple(
    Row(
        name=name,
        summary=f"1 where x {name} y, else 0",
        parameters=("x", "y"),
        derivative=("0", "0"),
        numpy=numpy,
        sympy=sympy,
        kinks=("x - y",),
    )
    for name, numpy, sympy in (
        (">", "greater", "StrictGreaterThan"),
        ("<", "less", "StrictLessThan"),
        (">=", "greater_equal", "GreaterThan"),
        ("<=", "less_equal", "LessThan"),
        ("==", "equal", "Equality"),
        ("!=", "not_equal", "Unequality"),
    )
)
