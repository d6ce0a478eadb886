"""The functions of the language, one row each. To add one, add a row; nothing else changes.

Derivatives of the elementary functions: Abramowitz & Stegun, 4.2-4.4 and 7.1; of the activations: the papers
named in their rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jacobian_cli.ops import rules, structure
from jacobian_cli.ops.row import Kind, Row

_OPERATORS = (
    Row(name="+", summary="sum", parameters=("x", "y"), algebra="sum", numpy="add", law="sum rule",
        why="a sum passes the gradient on to each of its terms", flow="+ distributes"),
    Row(name="*", summary="element-wise product", parameters=("x", "y"), algebra="product",
        numpy="multiply", law="product rule", why="one factor at a time, the others held fixed",
        sign="×", flow="× switches"),
    Row(
        name="**",
        summary="element-wise power",
        parameters=("x", "y"),
        algebra="power",
        numpy="power",
        sign="^",
        flow="a power scales by its slope",
        derivative=("y*x**(y - 1)", "ans*log(x)"),
        domain=("x",),
        law="power rule",
        why="the exponent comes down, and one power goes",
    ),
    Row(
        name="-", summary="difference", parameters=("x", "y"), definition="x + -1*y", numpy="subtract",
        law="sum rule", why="what is subtracted gets a minus",
        sign="−", flow="− distributes, the second with a minus"
    ),
    Row(name="u-", summary="negative", definition="-1*x", numpy="negative", law="constant factor",
        sign="−", flow="− turns the sign"),
    Row(
        name="/", summary="element-wise quotient", parameters=("x", "y"), definition="x*y**-1", numpy="divide",
        law="quotient rule", sign="÷", flow="÷ scales by its slopes"
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
        law="matrix product",
        why="upstream times the other factors transposed, each on its own side",
        sign="matmul",
        flow="matmul multiplies by the transpose",
    ),
    Row(
        name=".T",
        summary="transpose; of a tensor all axes, the last first",
        kind=Kind.CONTRACTION,
        signatures=("1i->i", "i->1i", "ij->ji", "->", "ijk->kji", "ijkl->lkji"),
        numpy="transpose",
        law="transpose",
        sign="ᵀ",
        flow="the transpose turns back",
    ),
    Row(name="[]", summary="indexing", kind=Kind.SHAPE, options=("index",), rule=rules.index,
        settle=rules.settle_index, form=structure.index, moves=True, numpy="index", law="indexing",
        why="what was not picked gets 0", sign="[ ]", flow="an index puts back, zeros elsewhere"),
)  # fmt: skip

_COMPARISONS = tuple(
    Row(
        name=name,
        summary=f"1 where x {name} y, else 0",
        parameters=("x", "y"),
        derivative=("0", "0"),
        numpy=numpy,
        sympy=sympy,
        kinks=("x - y",),
        indicator=True,
        mirror=mirror,
        of_indicator={"!=": "x", "==": "1 - x"}.get(name, ""),
        under={"positive": "1" if name in (">", ">=", "!=") else "0"},
    )
    for name, mirror, numpy, sympy in (
        (">", "<", "greater", "StrictGreaterThan"),
        ("<", ">", "less", "StrictLessThan"),
        (">=", "<=", "greater_equal", "GreaterThan"),
        ("<=", ">=", "less_equal", "LessThan"),
        ("==", "==", "equal", "Equality"),
        ("!=", "!=", "not_equal", "Unequality"),
    )
)

_ELEMENTARY = (
    Row(name="exp", summary="exponential", derivative=("ans",), numpy="exp", sympy="exp", math="exp", latex=r"\exp",
        undoes="log", positive="any", steep=True, of_matrix="matrix exponential"),
    Row(
        name="log",
        summary="natural logarithm",
        derivative=("1/x",),
        numpy="log",
        sympy="log",
        domain=("x",),
        math="log",
        latex=r"\log",
        undoes="exp",
        of_matrix="matrix logarithm",
    ),
    Row(
        name="log1p",
        summary="log(1 + x)",
        derivative=("1/(1 + x)",),
        definition="log(1 + x)",
        numpy="log1p",
        domain=("1 + x",),
    ),
    Row(name="expm1", summary="exp(x) - 1", derivative=("exp(x)",), definition="exp(x) - 1", numpy="expm1",
        steep=True),
    Row(name="sqrt", summary="square root", definition="x**(1/2)", numpy="sqrt", sympy="sqrt", domain=("x",),
        math="√{}", latex=r"\sqrt{{{}}}", of_matrix="square root of a matrix"),
    Row(name="square", summary="square", definition="x**2", numpy="square"),
    Row(name="abs", summary="absolute value", derivative=("sign(x)",), numpy="abs", sympy="Abs", kinks=("x",),
        math="|{}|", latex=r"\left|{}\right|", products=((("", 1), ("sign", 1)),), even_powers="x**2",
        under={"positive": "x", "binary": "x", "pm1": "1"}),
    Row(name="sign", summary="sign: -1, 0 or 1", derivative=("0",), numpy="sign", sympy="sign", kinks=("x",),
        latex=r"\operatorname{sign}", products=((("", 1), ("abs", -1)), (("", -1), ("abs", 1))), even_powers="1",
        under={"positive": "1", "binary": "x", "pm1": "x"}),
    Row(name="sin", summary="sine", derivative=("cos(x)",), numpy="sin", sympy="sin", latex=r"\sin"),
    Row(name="cos", summary="cosine", derivative=("-sin(x)",), numpy="cos", sympy="cos", latex=r"\cos"),
    Row(name="tan", summary="tangent", derivative=("1 + ans**2",), numpy="tan", sympy="tan", latex=r"\tan", symbol="t",
        products=((("sin", 1), ("cos", -1)),)),
    Row(name="sinh", summary="hyperbolic sine", derivative=("cosh(x)",), numpy="sinh", sympy="sinh",
        latex=r"\sinh", steep=True),
    Row(name="cosh", summary="hyperbolic cosine", derivative=("sinh(x)",), numpy="cosh", sympy="cosh",
        latex=r"\cosh", steep=True),
    Row(name="tanh", summary="hyperbolic tangent", derivative=("1 - ans**2",), numpy="tanh", sympy="tanh",
        latex=r"\tanh", symbol="h", products=((("sinh", 1), ("cosh", -1)),)),
    Row(name="arcsin", summary="inverse sine", derivative=("1/sqrt(1 - x**2)",), numpy="arcsin", sympy="asin",
        domain=("1 - x", "1 + x"), latex=r"\arcsin"),
    Row(name="arccos", summary="inverse cosine", derivative=("-1/sqrt(1 - x**2)",), numpy="arccos", sympy="acos",
        domain=("1 - x", "1 + x"), latex=r"\arccos"),
    Row(name="arctan", summary="inverse tangent", derivative=("1/(1 + x**2)",), numpy="arctan", sympy="atan",
        latex=r"\arctan"),
    Row(name="erf", summary="error function", derivative=("2*exp(-x**2)/sqrt(pi)",), numpy="erf", sympy="erf",
        latex=r"\operatorname{erf}"),
    Row(
        name="logaddexp",
        summary="log(exp(x) + exp(y))",
        parameters=("x", "y"),
        derivative=("sigmoid(x - y)", "sigmoid(y - x)"),
        definition="log(exp(x) + exp(y))",
        numpy="logaddexp",
        mirror="logaddexp",
        log_total_of="exp",
    ),
    Row(
        name="maximum",
        summary="the larger of two values",
        parameters=("x", "y"),
        derivative=("x > y", "x <= y"),
        numpy="maximum",
        flow="max routes",
        mirror="maximum",
        sympy="Max",
        kinks=("x - y",),
        law="max routes",
        why="all of it goes to the larger of the two",
        math="max",
        latex=r"\max",
        under={"positive": "x", "binary": "x"},
    ),
    Row(
        name="minimum",
        summary="the smaller of two values",
        parameters=("x", "y"),
        derivative=("x < y", "x >= y"),
        numpy="minimum",
        flow="min routes",
        mirror="minimum",
        sympy="Min",
        kinks=("x - y",),
        law="min routes",
        why="all of it goes to the smaller of the two",
        math="min",
        latex=r"\min",
        under={"positive": "0", "binary": "0"},
    ),
    Row(
        name="where",
        summary="x where the condition c holds, else y",
        parameters=("c", "x", "y"),
        derivative=("0", "c != 0", "c == 0"),
        chooses=True,
        numpy="where",
        flow="where routes",
        sympy="where",
        law="where routes",
        why="each entry goes to the branch that it was taken from",
        latex=r"\operatorname{where}",
        example="where(x > 0, x, 2*x)",
    ),
)  # fmt: skip

_ACTIVATIONS = (
    Row(
        name="sigmoid",
        summary="logistic function 1/(1 + exp(-x))",
        derivative=("ans*(1 - ans)",),
        definition="1/(1 + exp(-x))",
        steady="exp(-logaddexp(0, -x))",
        share_of="exp",
        math="σ",
        latex=r"\sigma",
        symbol="h",
        positive="any",
    ),
    Row(
        name="relu",
        summary="max(x, 0)",
        derivative=("x > 0",),
        definition="maximum(x, 0)",
        why="1 where the input is positive, else 0",
        flow="relu is a gate: open where x > 0",
        kinks=("x",),
        under={"positive": "x", "binary": "x"},
        symbol="h",
    ),
    Row(
        name="leaky_relu",
        summary="x where positive, else a*x (a = 0.01)",
        parameters=("x", "a"),
        defaults={"a": "0.01"},
        derivative=("where(x > 0, 1, a)", "minimum(x, 0)"),
        definition="where(x > 0, x, a*x)",
        kinks=("x",),
        symbol="h",
    ),
    Row(
        name="softplus",
        summary="log(1 + exp(x))",
        derivative=("sigmoid(x)",),
        definition="logaddexp(0, x)",
        log_total_of="exp",
    ),
    Row(
        name="elu",
        summary="x where positive, else exp(x) - 1 (Clevert et al. 2015)",
        derivative=("where(x > 0, 1, exp(x))",),
        definition="where(x > 0, x, exp(x) - 1)",
        kinks=("x",),
        symbol="h",
    ),
    Row(
        name="gelu",
        summary="x Φ(x), Φ the normal distribution (Hendrycks & Gimpel 2016)",
        derivative=("(1 + erf(x/sqrt(2)))/2 + x*exp(-x**2/2)/sqrt(2*pi)",),
        definition="x*(1 + erf(x/sqrt(2)))/2",
        symbol="h",
    ),
    Row(
        name="silu",
        summary="x sigmoid(x), also called swish (Elfwing et al. 2017)",
        derivative=("sigmoid(x) + ans*(1 - sigmoid(x))",),
        definition="x*sigmoid(x)",
        symbol="h",
    ),
)


def _largest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.max(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


def _smallest(np: Any, x: Any, axis: Any = None) -> Any:
    found = 1.0 * (x == np.min(x, axis=axis, keepdims=True))
    return found / np.sum(found, axis=axis, keepdims=True)


_REDUCTIONS = (
    Row(
        name="sum",
        summary="sum of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        algebra="sum",
        numpy="sum",
        why="each entry counts once",
        flow="a sum copies to every entry",
        math="sum",
        latex=r"\operatorname{sum}",
    ),
    Row(
        name="mean",
        summary="mean of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        definition="sum(x)/N",
        flow="a mean shares equally",
        numpy="mean",
        latex=r"\operatorname{mean}",
    ),
    Row(
        name="norm",
        summary="Euclidean (Frobenius) norm",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        derivative=("x/ans",),
        definition="sqrt(sum(x**2))",
        math="‖{}‖",
        latex=r"\left\lVert {} \right\rVert",
        nonzero=("ans",),
        mends={"ord": "norm(x) is the Euclidean norm; others are norm1(x), max(abs(x)), sum(abs(x)**p)**(1/p)"},
    ),
    Row(name="norm1", summary="sum of absolute values", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        definition="sum(abs(x))", kinks=("x",)),
    Row(name="var", summary="variance (divided by the number of entries)", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("2*(x - mean(x))/N",), definition="mean((x - mean(x))**2)",
        mends={"ddof": "it divides by the number of entries: with n - 1, write var(x)*n/(n - 1)"}),
    Row(name="std", summary="standard deviation", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        nonzero=("ans",), derivative=("(x - mean(x))/(N*ans)",), definition="sqrt(mean((x - mean(x))**2))",
        mends={"ddof": "it divides by the number of entries: with n - 1, write std(x)*sqrt(n/(n - 1))"}),
    Row(name="prod", summary="product of the entries", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        derivative=("ans/x",), divides=("x",), numpy="prod"),
    Row(name="logsumexp", summary="log(sum(exp(x)))", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        flat=True, derivative=("softmax(x)",), definition="log(sum(exp(x)))", log_total_of="exp", shift="1"),
    Row(name="max", summary="largest entry; of two values the larger, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("largest(x)",), numpy="max", latex=r"\max", law="max routes",
        why="all of it goes to the largest entry", binary="maximum", flow="max routes to the largest",
        picks="largest"),
    Row(name="min", summary="smallest entry; of two values the smaller, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("smallest(x)",), numpy="min", latex=r"\min", law="min routes",
        why="all of it goes to the smallest entry", binary="minimum", flow="min routes to the smallest",
        picks="smallest"),
    Row(name="largest", summary="1 at the largest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_largest, picks="largest", marks="max",
        sums_to_one=True, example="largest(x)@x"),
    Row(name="smallest", summary="1 at the smallest entry, 0 at the others; k that are equal have 1/k each",
        kind=Kind.SHARE, options=("axis",), derivative=("0",), kernel=_smallest, picks="smallest", marks="min",
        sums_to_one=True, example="smallest(x)@x"),
)  # fmt: skip

_ROWS = (
    Row(name="softmax", summary="exp(x)/sum(exp(x))", derivative=("diag(ans) - ans@ans.T",),
        definition="exp(x)/sum(exp(x))", symbol="p", named=True, sums_to_one=True,
        share_of="exp", positive="any", shift="0"),
    Row(name="log_softmax", summary="x - logsumexp(x)", derivative=("eye(N) - ones(N)@softmax(x).T",),
        definition="x - log(sum(exp(x)))", shift="0"),
    Row(name="cumsum", summary="running sum", derivative=("cumsum(eye(N), axis=0)",),
        backward=("sum(delta) - cumsum(delta) + delta",), numpy="cumsum"),
    Row(name="normalize", summary="x/norm(x)", derivative=("(eye(N) - ans@ans.T)/norm(x)",),
        definition="x/norm(x)", symbol="v"),
    Row(name="layernorm", summary="(x - mean(x))/std(x) (Ba et al. 2016, without gain and bias)",
        derivative=("(eye(N) - ones(N)@ones(N).T/N - ans@ans.T/N)/std(x)",), definition="(x - mean(x))/std(x)",
        symbol="x_hat", named=True),
    Row(name="rmsnorm", summary="x/sqrt(mean(x**2)) (Zhang & Sennrich 2019, without gain)",
        derivative=("(eye(N) - ans@ans.T/N)/sqrt(mean(x**2))",), definition="x/sqrt(mean(x**2))", symbol="x_hat",
        named=True),
)  # fmt: skip

_PHI = "tril(ones(N, N)) - eye(N)/2"
_CHOLESKY = (
    f'(einsum("ia,aj,ak,jl->ijkl", ans, {_PHI}, inv(ans), inv(ans))'
    f' + einsum("ia,aj,al,jk->ijkl", ans, {_PHI}, inv(ans), inv(ans)))/2'
)
"""dL = L Φ(L⁻¹ dS L⁻ᵀ), with Φ the lower triangle, its diagonal halved, and S the symmetric part."""
_LINEAR_ALGEBRA = (
    Row(name="det", summary="determinant", kind=Kind.CORE, signatures=("ii->",), derivative=("ans*inv(x).T",),
        divides=("ans",), numpy="det", latex=r"\det", positive="spd", of_diagonal="prod", of_scalar="x"),
    Row(name="logdet", summary="logarithm of the determinant, where it is positive", kind=Kind.CORE,
        signatures=("ii->",), derivative=("inv(x).T",), numpy="logdet",
        domain=("det(x)",), latex=r"\operatorname{logdet}", of_scalar="log(x)"),
    Row(name="cholesky", summary="the lower L with L@L.T = (x + x.T)/2 (derivative: Murray 2016)", kind=Kind.CORE,
        signatures=("ii->ii",), derivative=(_CHOLESKY,), domain=("diag(ans)",), numpy="cholesky",
        latex=r"\operatorname{chol}", of_scalar="sqrt(x)"),
    Row(name="inv", summary="inverse", kind=Kind.CORE, signatures=("ii->ii",),
        derivative=('-einsum("ik,lj->ijkl", ans, ans)',), nonzero=("det(x)",), numpy="inv", math="{}⁻¹",
        latex="{}^{{-1}}", turns=True, keeps=("spd",), under={"orthogonal": "x.T"}, inverts=True, undoes="inv",
        of_scalar="1/x"),
    Row(name="solve", summary="inv(x)@y", kind=Kind.FORMULA, parameters=("x", "y"), definition="inv(x)@y"),
)  # fmt: skip

_LOSSES = (
    Row(name="cross_entropy", summary="of logits x and a target distribution y; the mean over rows",
        kind=Kind.FORMULA, parameters=("x", "y"), definition="-mean(sum(y*log_softmax(x), axis=-1))"),
    Row(name="binary_cross_entropy", summary="of probabilities x and targets y; the mean over entries",
        kind=Kind.FORMULA, parameters=("x", "y"), definition="-mean(y*log(x) + (1 - y)*log(1 - x))"),
    Row(name="mse", summary="mean squared error", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="mean((x - y)**2)"),
    Row(name="hinge", summary="mean of max(0, 1 - y*x)", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="mean(maximum(0, 1 - y*x))"),
)  # fmt: skip

_CONTRACTIONS = (
    Row(
        name="trace",
        summary="sum of the diagonal; of a batch, of each matrix",
        kind=Kind.CONTRACTION,
        signatures=("ii->", "...ii->..."),
        numpy="trace",
        of_scalar="x",
        why="the entries on the diagonal count once",
        flow="trace copies to the diagonal",
        math="tr",
        latex=r"\operatorname{tr}",
    ),
    Row(
        name="outer",
        summary="outer product x yᵀ of two vectors",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,j->ij",),
        law="product rule",
        why="one factor at a time, the others held fixed",
        numpy="outer",
    ),
    Row(
        name="dot",
        summary="dot product of two vectors",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->",),
        law="product rule",
        why="one factor at a time, the others held fixed",
        numpy="dot",
    ),
    Row(
        name="diag",
        summary="the diagonal matrix of a vector, or the diagonal of a matrix; of a batch, of each matrix",
        kind=Kind.CONTRACTION,
        signatures=("i->ii", "ii->i", "...ii->...i"),
        numpy="diag",
        latex=r"\operatorname{diag}",
    ),
    Row(
        name="einsum",
        summary="a sum of products in index notation",
        kind=Kind.CONTRACTION,
        parameters=("...",),
        options=("subscripts",),
        rule=rules.einsum,
        law="product rule",
        why="upstream times the other factors, over the indices that they share",
        settle=rules.settle_einsum,
        numpy="einsum",
        example='einsum("ij,jk->ik", A, B)',
    ),
    Row(name="tril", summary="the lower triangle, zero above the diagonal", kind=Kind.SHAPE, rule=rules.tril,
        form=structure.tril, mask=True, numpy="tril",
        mends={"k": "without the diagonal: tril(A) - diag(diag(A))"}, example="tril(A)"),
    Row(name="triu", summary="the upper triangle, zero below the diagonal", kind=Kind.SHAPE, rule=rules.tril,
        form=structure.triu, mask=True, numpy="triu",
        mends={"k": "without the diagonal: triu(A) - diag(diag(A))"}, example="triu(A)"),
    Row(
        name="kron",
        summary="Kronecker product",
        kind=Kind.SHAPE,
        parameters=("x", "y"),
        rule=rules.kron,
        form=structure.kron,
        numpy="kron",
        latex=r"\otimes",
        example="kron(A, B)",
    ),
    Row(name="transpose", summary="the axes in another order; without an order as .T", kind=Kind.SHAPE,
        options=("axes",), plain=".T", rule=rules.transpose, form=structure.transpose, moves=True, numpy="permute",
        flow="the transpose turns back",
        example="transpose(A, (1, 0))"),
    Row(name="concat", summary="scalars and vectors end to end, matrices below each other (axis=1: side by side)",
        kind=Kind.SHAPE, parameters=("...",), options=("axis",), rule=rules.concat, form=structure.concat,
        moves=True, numpy="concatenate", flow="concat splits", example="concat(x, y)"),
    Row(name="stack", summary="values of one shape along a new axis, the first unless told otherwise",
        kind=Kind.SHAPE, parameters=("...",), options=("axis",), rule=rules.stack, form=structure.stack,
        moves=True, numpy="stack", flow="stack splits", example="stack(x, x)"),
    Row(name="vec", summary="the columns of a matrix, stacked", kind=Kind.SHAPE, rule=rules.vec, form=structure.vec,
        moves=True, numpy="vec", flow="vec folds back",
        latex=r"\operatorname{vec}", example="vec(A)"),
    Row(
        name="reshape",
        summary="the entries, row by row, in another shape",
        kind=Kind.SHAPE,
        options=("shape",),
        rule=rules.reshape,
        settle=rules.settle_reshape,
        form=structure.reshape,
        moves=True,
        flow="reshape folds back",
        numpy="reshape",
        example="reshape(A, (m, n))",
    ),
)  # fmt: skip

_CREATIONS = tuple(
    Row(name=name, summary=summary, kind=Kind.SHAPE, parameters=(), options=("sizes",), rule=rule, form=form,
        numpy=name,
        example=example)
    for name, summary, rule, form, example in (
        ("eye", "identity matrix", rules.eye, structure.eye, "eye(n)@x"),
        ("ones", "all ones", rules.filled, structure.ones, "ones(n).T@x"),
        ("zeros", "all zeros", rules.filled, structure.zeros, "zeros(n) + x"),
        ("commutation", "K with K vec(X) = vec(X.T) for X of these sizes (Magnus & Neudecker 1979)", rules.commutation,
         structure.commutation, "commutation(n, m)@x"),
    )
)  # fmt: skip

_LIKE = tuple(
    Row(name=f"{name}_like", summary=summary, kind=Kind.SHAPE, rule=rules.like, form=form, numpy=f"{name}_like",
        example=f"{name}_like(x) + x")
    for name, summary, form in (
        ("ones", "all ones, in the shape of x", structure.ones_like),
        ("zeros", "all zeros, in the shape of x", structure.zeros_like),
    )
)  # fmt: skip

FUNCTIONS: dict[str, Row] = {
    entry.name: entry
    for entry in (
        *_OPERATORS,
        *_COMPARISONS,
        *_ELEMENTARY,
        *_ACTIVATIONS,
        *_REDUCTIONS,
        *(replace(row, kind=Kind.ROW, options=("axis",)) for row in _ROWS),
        *_LINEAR_ALGEBRA,
        *_LOSSES,
        *_CONTRACTIONS,
        *_CREATIONS,
        *_LIKE,
    )
}

ALIASES: dict[str, str] = {
    "add": "+",
    "divide": "/",
    "matmul": "@",
    "multiply": "*",
    "power": "**",
    "subtract": "-",
    "expit": "sigmoid",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "concatenate": "concat",
    "ln": "log",
    "swish": "silu",
    "tr": "trace",
}


ELSEWHERE: dict[str, str] = {
    "arange": "declare a variable for it and give its values with --at",
    "argmax": "it is constant almost everywhere: its derivative is zero",
    "average": "mean(x), or dot(w, x)/sum(w) with weights",
    "clip": "minimum(maximum(x, a), b)",
    "column_stack": "stack(x, y, axis=1)",
    "diagonal": 'diag(A), or of a batch einsum("bii->bi", A)',
    "diff": "x[1:] - x[:-1]",
    "dstack": "stack(A, B, axis=2)",
    "expand_dims": "x[:, None]",
    "exp2": "2**x",
    "flatten": "reshape(A, n*m)",
    "full": "c*ones(n, m)",
    "hstack": "concat(x, y) of vectors, concat(A, B, axis=1) of matrices",
    "identity": "eye(n)",
    "inner": "dot(x, y)",
    "kl_div": "sum(p*log(p/q))",
    "log10": "log(x)/log(10)",
    "log2": "log(x)/log(2)",
    "mae": "mean(abs(x - y))",
    "matrix_power": "A@A@A",
    "moveaxis": "transpose(A, (0, 2, 1)): the axes in their new order",
    "norm2": "norm(x)",
    "pinv": "inv(A.T@A)@A.T",
    "ravel": "reshape(A, n*m)",
    "reciprocal": "1/x",
    "repeat": "ones(n)@x.T holds x in each of n rows",
    "slogdet": "logdet(A)",
    "squeeze": "A[:, 0]",
    "swapaxes": "transpose(A, (0, 2, 1)): the axes in their new order",
    "tensordot": 'einsum("ijk,kl->ijl", A, B)',
    "tile": "ones(n)@x.T holds x in each of n rows",
    "unsqueeze": "x[:, None]",
    "vdot": "dot(x, y)",
    "view": "reshape(A, (n, m))",
    "vstack": "stack(x, y) of vectors, concat(A, B) of matrices",
}
"""What to write instead of functions that people know from elsewhere."""


def row(name: str) -> Row:
    """The row of a function or operator."""
    return FUNCTIONS[name]
