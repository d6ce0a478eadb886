"""Losses: short for their definitions."""

from __future__ import annotations

from jacobian_cli.ops.row import DISTRIBUTION, LOG_PROBABILITIES, LOGITS, PROBABILITIES, TARGETS, Kind, Role, Row

LOSSES = (
    Row(name="cross_entropy", summary="of logits and a target distribution y; the mean over rows",
        kind=Kind.FORMULA, parameters=("logits", "y"), definition="-mean(sum(y*log_softmax(logits), axis=-1))",
        role=Role(takes=(LOGITS, TARGETS), link="softmax"),
        given={"of places": "-mean(take_along_axis(log_softmax(logits), y))"}),
    Row(name="binary_cross_entropy", summary="of probabilities x and targets y; the mean over entries",
        kind=Kind.FORMULA, parameters=("x", "y"), definition="-mean(y*log(x) + (1 - y)*log(1 - x))",
        role=Role(takes=(PROBABILITIES, TARGETS), link="sigmoid")),
    Row(name="mse", summary="mean squared error", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="mean((x - y)**2)"),
    Row(name="kl_div", summary="Kullback-Leibler divergence of distributions: the sum of x*log(x/y)",
        kind=Kind.FORMULA, parameters=("x", "y"), definition="sum(x*log(x/y))",
        role=Role(takes=(DISTRIBUTION, DISTRIBUTION), link="softmax",
                  elsewhere="PyTorch's, of log-probabilities and then targets, is `F.kl_div({}, {})`"),
        example="kl_div(softmax(x), softmax(y))"),
    Row(name="nll_loss", summary="of log-probabilities x and a target distribution y; the mean over rows",
        kind=Kind.FORMULA, parameters=("x", "y"), definition="-mean(sum(y*x, axis=-1))",
        role=Role(takes=(LOG_PROBABILITIES, TARGETS), link="softmax"),
        given={"of places": "-mean(take_along_axis(x, y))"}, example="nll_loss(log_softmax(x), y)"),
    Row(name="l1_loss", summary="mean absolute error", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="mean(abs(x - y))", example="l1_loss(x, y)"),
    Row(name="bce_with_logits", summary="binary cross-entropy of logits and targets y; the mean over entries",
        kind=Kind.FORMULA, parameters=("logits", "y"), definition="mean(softplus(logits) - logits*y)",
        role=Role(takes=(LOGITS, TARGETS), link="sigmoid"),
        example="bce_with_logits(x, y)"),
    Row(name="triplet_loss", summary="mean of max(0, norm(x - y) - norm(x - z) + a) over rows; a is 1 unless given "
        "(Schroff et al. 2015, without squares)", kind=Kind.FORMULA, parameters=("x", "y", "z", "a"),
        defaults={"a": "1"}, definition="mean(maximum(norm(x - y, axis=-1) - norm(x - z, axis=-1) + a, 0))",
        example="triplet_loss(x, y, z)"),
    Row(name="hinge", summary="mean of max(0, 1 - y*x)", kind=Kind.FORMULA, parameters=("x", "y"),
        definition="mean(maximum(0, 1 - y*x))"),
)  # fmt: skip
