"""Random chains of links, as definitions: each link takes the value of the one before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from jacobian_cli.api.chain.composition import Composition

_LINKS = {
    "affine": "{y} = A{k}@{x} + b{k}",
    "sigmoid": "{y} = sigmoid({x})",
    "softmax": "{y} = softmax({x})",
    "tanh": "{y} = tanh(A{k}@{x})",
    "scaled": "{y} = {x}*w{k}",
    "residual": "{y} = {x} + C{k}@sin(A{k}@{x})",
    "outer": "{y} = (v{k}.T@{x})*w{k}",
    "cumsum": "{y} = cumsum({x})",
}
_ENDS = {
    "scalar": "s = u.T@{x}",
    "weighted": "s = -sum(t*tanh({x}))",
    "vector": "s = U@{x}",
    "square": "s = {x}**2",
}


@st.composite
def definitions(draw: st.DrawFn, ends: tuple[str, ...] = tuple(_ENDS), most: int = 4) -> list[str]:
    """Two to `most` links and an end, from x on."""
    kinds = draw(st.lists(st.sampled_from(sorted(_LINKS)), min_size=1, max_size=most))
    name, found = "x", []
    for k, kind in enumerate(kinds):
        found.append(_LINKS[kind].format(x=name, y=f"h{k}", k=k))
        name = f"h{k}"
    return [*found, _ENDS[draw(st.sampled_from(ends))].format(x=name)]


def point(found: Composition, seed: int = 0) -> dict[str, Any]:
    """Values for the variables, sizes pairwise different."""
    rng = np.random.default_rng(seed)
    return {
        name: rng.standard_normal(tuple(size.at(found.sizes) for size in variable.shape)) * 0.7
        for name, variable in found.problem.variables.items()
    }
