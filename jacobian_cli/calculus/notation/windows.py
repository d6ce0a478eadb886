"""Sums over windows by their names: with L[p, i, t] = 1 where p = i + t, Σ L x_p w_t is a correlation, Σ L d_i w_t a
full convolution, Σ L x_p what a window takes and Σ L X_it what windows add back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jacobian_cli.calculus.index.tensor import Apply, Delta, Factor, Labels, Product, Tensor
from jacobian_cli.calculus.simplify import normal_form as algebra

WINDOW = "unfold"


def windowed(node: Product) -> Tensor | None:
    """The product with a function of windows for one of its sums, or None where there is none."""
    found = sorted(_readings(node), key=lambda reading: reading[0])
    if not found:
        return None
    _, gone, made = found[0]
    rest = [factor for k, factor in enumerate(node.factors) if k not in gone]
    return algebra.product(node.shape, [*rest, made], node.coefficient)


def _readings(node: Product) -> Iterator[tuple[int, set[int], Factor]]:
    """Which factors become which, the plainest way first."""
    times = Counter(label for _, labels, _ in node.factors for label in labels)
    order = len(node.shape)
    for k, (lags, labels, power) in enumerate(node.factors):
        if not _is_lags(lags) or power != 1 or len(set(labels)) != 3:
            continue
        beside = [_beside(node, k, label) if label >= order and times[label] == 2 else None for label in labels]
        alone = [place if place is not None and len(node.factors[place][1]) == 1 else None for place in beside]
        for function, of, out in (("correlate", (0, 2), 1), ("correlate", (0, 1), 2), ("convolve", (1, 2), 0)):
            one, other = (alone[axis] for axis in of)
            if one is not None and other is not None:
                vectors = (node.factors[one][0], node.factors[other][0])
                made = algebra.apply(function, vectors, 0, (lags.shape[out],))
                yield 0, {k, one, other}, (made, (labels[out],), 1)
        p, i, t = labels
        if (whole := beside[0]) is not None:
            yield 1, {k, whole}, _taken(node.factors[whole], p, (i, t), lags)
        if i >= order and t >= order:
            inside = {place for place, (_, own, _) in enumerate(node.factors) if place != k and {i, t} & {*own}}
            if inside and not any(p in node.factors[place][1] for place in inside):
                yield 2, {k, *inside}, _added(node, inside, labels, lags)


def _is_lags(node: Tensor) -> bool:
    return isinstance(node, Apply) and node.function == WINDOW and isinstance(node.arguments[0], Delta)


def _beside(node: Product, k: int, label: int) -> int | None:
    """The one other factor that bears a label, entry by entry."""
    return next(
        (
            place
            for place, (inner, labels, power) in enumerate(node.factors)
            if place != k and label in labels and power == 1 and len(set(labels)) == len(labels) and not _is_lags(inner)
        ),
        None,
    )


def _taken(factor: Factor, p: int, windows: Labels, lags: Tensor) -> Factor:
    """The windows of one factor along its axis p."""
    inner, labels, _ = factor
    axes = [axis for axis, label in enumerate(labels) if label != p]
    turned = algebra.permute(inner, [*axes, labels.index(p)])
    front = tuple(inner.shape[axis] for axis in axes)
    made = algebra.apply(WINDOW, (turned,), len(front), front + lags.shape[1:])
    return made, (*(labels[axis] for axis in axes), *windows), 1


def _added(node: Product, inside: set[int], labels: Labels, lags: Tensor) -> Factor:
    """Windows added back: what bears i and t, summed over both."""
    p, i, t = labels
    parts = [node.factors[place] for place in sorted(inside)]
    outside = {label for place, (_, own, _) in enumerate(node.factors) if place not in inside for label in own}
    kept = sorted(
        {label for _, own, _ in parts for label in own if label not in (i, t)} & (outside | set(range(len(node.shape))))
    )
    sizes = {label: size for part, own, _ in parts for label, size in zip(own, part.shape, strict=True)}
    sizes |= dict(zip(labels, lags.shape, strict=True))
    names = {label: place for place, label in enumerate([*kept, i, t])}
    summed = sorted({label for _, own, _ in parts for label in own} - names.keys())
    names |= {label: len(names) + place for place, label in enumerate(summed)}
    shape = tuple(sizes[label] for label in [*kept, i, t])
    whole = algebra.product(shape, [(part, tuple(names[label] for label in own), q) for part, own, q in parts])
    made = algebra.apply("fold", (whole,), len(kept), (*shape[:-2], lags.shape[0]))
    return made, (*kept, p), 1
