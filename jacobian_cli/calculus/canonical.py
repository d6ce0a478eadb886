"""One form for products that differ only in the order of their factors and the names of their summed labels.

Labels are coloured by where they occur, colours are refined by the colours they meet, and what stays alike is
told apart by trying (colour refinement with individualisation, as in McKay & Piperno, Practical graph
isomorphism II, 2014).
"""

from __future__ import annotations

from itertools import count

from jacobian_cli.calculus.tensor import Factor

_MAX_ALIKE = 8
"""Of labels that look alike at most so many are tried: past it, equal products may stay two nodes."""


def canonical(order: int, factors: list[Factor]) -> tuple[Factor, ...]:
    """One order of factors and one naming of summed labels: labels are told apart by where they occur."""
    bound = {label for _, labels, _ in factors for label in labels if label >= order}
    colour = {label: label if label < order else -1 for _, labels, _ in factors for label in labels}
    colour = _refined(factors, colour, bound)
    if not bound:
        return _arranged(order, factors, colour)
    # labels that no mark tells apart, as those of tr(SSS), are told apart by fiat: each is tried as the first
    for _ in bound:
        classes: dict[int, list[int]] = {}
        for label in bound:
            classes.setdefault(colour[label], []).append(label)
        alike = min((c for c in classes.items() if len(c[1]) > 1), default=None)
        if alike is None:
            break
        tried = []
        for label in sorted(alike[1])[:_MAX_ALIKE]:
            trial = _refined(factors, {**colour, label: hash((colour[label], 1))}, bound)
            form = _arranged(order, factors, trial)
            tried.append(([(f.digest, ls, hash(p)) for f, ls, p in form], label, trial))
        colour = min(tried, key=lambda entry: entry[:2])[2]
    return _arranged(order, factors, colour)


def _refined(factors: list[Factor], colour: dict[int, int], bound: set[int]) -> dict[int, int]:
    """Colours of labels made finer by the factors that bear them and the colours they meet there."""
    colour = dict(colour)
    for _ in range(min(len(bound), 4)):
        seen: dict[int, list[int]] = {label: [] for label in bound}
        for node, labels, power in factors:
            base = hash((node.digest, hash(power), tuple(colour[k] for k in labels)))
            for position, label in enumerate(labels):
                if label in seen:
                    seen[label].append(hash((base, position)))
        for label, marks in seen.items():
            colour[label] = hash((colour[label], tuple(sorted(marks))))
    return colour


def _arranged(order: int, factors: list[Factor], colour: dict[int, int]) -> tuple[Factor, ...]:
    """Factors sorted by their colours, summed labels numbered as they are met."""
    ordered = sorted(factors, key=lambda f: (f[0].digest, hash(f[2]), tuple(colour[k] for k in f[1])))
    names: dict[int, int] = {}
    fresh = count(order)
    for _, labels, _ in ordered:
        for label in labels:
            if label >= order and label not in names:
                names[label] = next(fresh)
    return tuple((n, tuple(names.get(k, k) for k in ls), p) for n, ls, p in ordered)
