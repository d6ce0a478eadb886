"""Functions that make entries, or rearrange them."""

from __future__ import annotations

from jacobian_cli.ops import shapes, structure
from jacobian_cli.ops.row import Kind, Row

ARRANGEMENTS = (
    Row(name="tril", summary="the lower triangle, zero above the diagonal", kind=Kind.SHAPE, rule=shapes.tril,
        form=structure.tril, numpy="tril",
        given={"k=-1": "x - triu(x)", "k>0": "tril(concat(zeros({k}, m), x))[{k}:]",
               "k<0": "tril(concat(zeros(n, {k}), x, axis=1))[:, {k}:]"},
        second={"k": "it is a whole number, -1 for the diagonal below the main one"},
        example="tril(A)"),
    Row(name="triu", summary="the upper triangle, zero below the diagonal", kind=Kind.SHAPE, rule=shapes.tril,
        form=structure.triu, numpy="triu",
        given={"k=1": "x - tril(x)", "k>0": "triu(concat(zeros({k}, m), x))[{k}:]",
               "k<0": "triu(concat(zeros(n, {k}), x, axis=1))[:, {k}:]"},
        second={"k": "it is a whole number, -1 for the diagonal below the main one"},
        example="triu(A)"),
    Row(
        name="kron",
        summary="Kronecker product",
        kind=Kind.SHAPE,
        parameters=("x", "y"),
        rule=shapes.kron,
        form=structure.kron,
        numpy="kron",
        latex=r"\otimes",
        example="kron(A, B)",
    ),
    Row(name="transpose", summary="the axes in another order; without an order as .T", kind=Kind.SHAPE,
        options=("axes",), given={"without options": ".T"}, rule=shapes.transpose, form=structure.transpose,
        moves=True, numpy="permute", flow="the transpose turns back",
        example="transpose(A, (1, 0))"),
    Row(name="concat", summary="scalars and vectors end to end, matrices below each other (axis=1: side by side)",
        kind=Kind.SHAPE, parameters=("...",), options=("axis",), rule=shapes.concat, form=structure.concat,
        moves=True, numpy="concatenate", flow="concat splits", example="concat(x, y)"),
    Row(name="stack", summary="values of one shape along a new axis, the first unless told otherwise",
        kind=Kind.SHAPE, parameters=("...",), options=("axis",), rule=shapes.stack, form=structure.stack,
        moves=True, numpy="stack", flow="stack splits", example="stack(x, x)"),
    Row(name="vec", summary="the columns of a matrix, stacked", kind=Kind.SHAPE, rule=shapes.vec, form=structure.vec,
        moves=True, numpy="vec", flow="vec folds back",
        latex=r"\operatorname{vec}", example="vec(A)"),
    Row(
        name="reshape",
        summary="the entries, row by row, in another shape",
        kind=Kind.SHAPE,
        options=("shape",),
        rule=shapes.reshape,
        settle=shapes.settle_reshape,
        form=structure.reshape,
        moves=True,
        flow="reshape folds back",
        numpy="reshape",
        example="reshape(x, (n, m))",
    ),
)  # fmt: skip

CREATIONS = tuple(
    Row(name=name, summary=summary, kind=Kind.SHAPE, parameters=(), options=("sizes",), rule=rule, form=form,
        numpy=name,
        example=example)
    for name, summary, rule, form, example in (
        ("eye", "identity matrix", shapes.eye, structure.eye, "eye(n)@x"),
        ("ones", "all ones", shapes.filled, structure.ones, "ones(n).T@x"),
        ("zeros", "all zeros", shapes.filled, structure.zeros, "zeros(n) + x"),
        ("commutation", "K with K vec(X) = vec(X.T) for X of these sizes (Magnus & Neudecker 1979)", shapes.commutation,
         structure.commutation, "commutation(n, m)@x"),
    )
)  # fmt: skip

LIKE = tuple(
    Row(name=f"{name}_like", summary=summary, kind=Kind.SHAPE, rule=shapes.like, form=form, numpy=f"{name}_like",
        example=f"{name}_like(x) + x")
    for name, summary, form in (
        ("ones", "all ones, in the shape of x", structure.ones_like),
        ("zeros", "all zeros, in the shape of x", structure.zeros_like),
    )
)  # fmt: skip
