"""The functions of the language, one row each. To add one, add a row; nothing else changes.

Derivatives of the elementary functions: Abramowitz & Stegun, 4.2-4.4 and 7.1; of the activations: the papers
named in their rows.
"""

from __future__ import annotations

from dataclasses import replace

from jacobian_cli.ops import rules, structure
from jacobian_cli.ops.row import Kind, Row

_OPERATORS = (
    Row(name="+", summary="sum", parameters=("x", "y"), algebra="sum", numpy="add",
        flow="+ distributes"),
    Row(name="*", summary="element-wise product", parameters=("x", "y"), algebra="product",
        numpy="multiply", sign="×", flow="× switches"),
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
    ),
    Row(
        name="-", summary="difference", parameters=("x", "y"), definition="x + -1*y", numpy="subtract",
        sign="−", flow="− distributes, the second with a minus"
    ),
    Row(name="u-", summary="negative", definition="-1*x", numpy="negative",
        sign="−", flow="− turns the sign"),
    Row(
        name="/", summary="element-wise quotient", parameters=("x", "y"), definition="x*y**-1", numpy="divide",
        sign="÷", flow="÷ scales by its slopes"
    ),
    Row(
        name="@",
        summary="matrix product, matrix times vector, dot product, outer product",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=(
            "1j,j->", "i,1j->ij", "1j,jk->1k", "ij,jk->ik", "ij,j->i", "i,i->", ",1j->1j", "i,->i",
        ),
        numpy="matmul",
        sign="matmul",
        flow="matmul multiplies by the transpose",
    ),
    Row(
        name=".T",
        summary="transpose",
        kind=Kind.CONTRACTION,
        signatures=("1i->i", "i->1i", "ij->ji", "->"),
        numpy="transpose",
        sign="ᵀ",
        flow="the transpose turns back",
    ),
    Row(name="[]", summary="indexing", kind=Kind.SHAPE, options=("index",), rule=rules.index, form=structure.index,
        moves=True, numpy="index", sign="[ ]",
        flow="an index puts back, zeros elsewhere"),
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
        undoes="log", positive="any"),
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
    ),
    Row(
        name="log1p",
        summary="log(1 + x)",
        derivative=("1/(1 + x)",),
        definition="log(1 + x)",
        numpy="log1p",
        domain=("1 + x",),
    ),
    Row(name="expm1", summary="exp(x) - 1", derivative=("exp(x)",), definition="exp(x) - 1", numpy="expm1"),
    Row(name="sqrt", summary="square root", definition="x**(1/2)", numpy="sqrt", sympy="sqrt", domain=("x",),
        math="√{}", latex=r"\sqrt{{{}}}"),
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
    Row(name="sinh", summary="hyperbolic sine", derivative=("cosh(x)",), numpy="sinh", sympy="sinh", latex=r"\sinh"),
    Row(name="cosh", summary="hyperbolic cosine", derivative=("sinh(x)",), numpy="cosh", sympy="cosh", latex=r"\cosh"),
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
        math="min",
        latex=r"\min",
        under={"positive": "0", "binary": "0"},
    ),
    Row(
        name="where",
        summary="x where the condition c holds, else y",
        parameters=("c", "x", "y"),
        derivative=("0", "c != 0", "c == 0"),
        numpy="where",
        flow="where routes",
        sympy="where",
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

_REDUCTIONS = (
    Row(
        name="sum",
        summary="sum of the entries",
        kind=Kind.REDUCTION,
        options=("axis", "keepdims"),
        algebra="sum",
        numpy="sum",
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
        domain=("ans",),
    ),
    Row(name="norm1", summary="sum of absolute values", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        definition="sum(abs(x))"),
    Row(name="var", summary="variance (divided by the number of entries)", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("2*(x - mean(x))/N",), definition="mean((x - mean(x))**2)"),
    Row(name="std", summary="standard deviation", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        domain=("ans",), derivative=("(x - mean(x))/(N*ans)",), definition="sqrt(mean((x - mean(x))**2))"),
    Row(name="prod", summary="product of the entries", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        derivative=("ans/x",), domain=("abs(x)",), numpy="prod"),
    Row(name="logsumexp", summary="log(sum(exp(x)))", kind=Kind.REDUCTION, options=("axis", "keepdims"),
        flat=True, derivative=("softmax(x)",), definition="log(sum(exp(x)))", log_total_of="exp", shift="1"),
    Row(name="max", summary="largest entry; of two values the larger, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("x == ans",), numpy="max", latex=r"\max", binary="maximum",
        flow="max routes to the largest"),
    Row(name="min", summary="smallest entry; of two values the smaller, element by element", kind=Kind.REDUCTION,
        options=("axis", "keepdims"), derivative=("x == ans",), numpy="min", latex=r"\min", binary="minimum",
        flow="min routes to the smallest"),
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
        symbol="x_hat"),
    Row(name="rmsnorm", summary="x/sqrt(mean(x**2)) (Zhang & Sennrich 2019, without gain)",
        derivative=("(eye(N) - ans@ans.T/N)/sqrt(mean(x**2))",), definition="x/sqrt(mean(x**2))", symbol="x_hat"),
)  # fmt: skip

_LINEAR_ALGEBRA = (
    Row(name="det", summary="determinant", kind=Kind.CORE, signatures=("ii->",), derivative=("ans*inv(x).T",),
        domain=("abs(ans)",), numpy="det", latex=r"\det", positive="spd"),
    Row(name="logdet", summary="logarithm of the determinant, where it is positive", kind=Kind.CORE,
        signatures=("ii->",), derivative=("inv(x).T",), numpy="logdet",
        domain=("det(x)",), latex=r"\operatorname{logdet}"),
    Row(name="inv", summary="inverse", kind=Kind.CORE, signatures=("ii->ii",),
        derivative=('-einsum("ik,lj->ijkl", ans, ans)',), domain=("abs(det(x))",), numpy="inv", math="{}⁻¹",
        latex="{}^{{-1}}", turns=True, keeps=("spd",), under={"orthogonal": "x.T"}),
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
        summary="sum of the diagonal",
        kind=Kind.CONTRACTION,
        signatures=("ii->",),
        numpy="trace",
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
        numpy="outer",
    ),
    Row(
        name="dot",
        summary="dot product of two vectors",
        kind=Kind.CONTRACTION,
        parameters=("x", "y"),
        signatures=("i,i->",),
        numpy="dot",
    ),
    Row(
        name="diag",
        summary="the diagonal matrix of a vector, or the diagonal of a matrix",
        kind=Kind.CONTRACTION,
        signatures=("i->ii", "ii->i"),
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
        numpy="einsum",
        example='einsum("ij,jk->ik", A, B)',
    ),
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
    Row(name="concat", summary="scalars and vectors end to end, matrices below each other", kind=Kind.SHAPE,
        parameters=("...",), rule=rules.concat, form=structure.concat, moves=True, numpy="concatenate",
        flow="concat splits", example="concat(x, y)"),
    Row(name="stack", summary="values of one shape along a new first axis", kind=Kind.SHAPE, parameters=("...",),
        rule=rules.stack, form=structure.stack, moves=True, numpy="stack",
        flow="stack splits", example="stack(x, x)"),
    Row(name="vec", summary="the columns of a matrix, stacked", kind=Kind.SHAPE, rule=rules.vec, form=structure.vec,
        moves=True, numpy="vec", flow="vec folds back",
        latex=r"\operatorname{vec}", example="vec(A)"),
    Row(
        name="reshape",
        summary="the entries, row by row, in another shape",
        kind=Kind.SHAPE,
        options=("shape",),
        rule=rules.reshape,
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
    )
}

ALIASES: dict[str, str] = {
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "concatenate": "concat",
    "ln": "log",
    "swish": "silu",
    "tr": "trace",
    "transpose": ".T",
}


def row(name: str) -> Row:
    """The row of a function or operator."""
    return FUNCTIONS[name]
