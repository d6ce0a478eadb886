"""Norms and deviations in NumPy: by squares as they are, and over the largest entry only where those overflow or
vanish, for a quotient by it is a run over all entries.
"""

from __future__ import annotations

_SAME = """def {{name}}(x, axis=None, keepdims=False):
    kind = {{np}}.result_type(x, {{np}}.float32)
    most = float({{np}}.finfo(kind).max)**0.4
    {first}with {{np}}.errstate(over="ignore"):
        found = {{np}}.sqrt({{np}}.{total}({{np}}.square({x}, dtype=kind), axis=axis, keepdims=True))
        if {{np}}.size(x) and {{np}}.any((found > most) | (found < 1/most)):  # where squares overflow or vanish
            top = {{np}}.max({{np}}.abs({x}), axis=axis, keepdims=True)
            scale = {{np}}.where((top > most) & (top < {{np}}.inf) | (top < 1/most) & (top > 0), top, 1.0)
            found = scale*{{np}}.sqrt({{np}}.{total}(({x}/scale)**2, axis=axis, keepdims=True))
    return found if keepdims else {{np}}.squeeze(found, axis=axis)[()]"""
KERNELS = {
    "norm": _SAME.format(total="sum", x="x", first=""),
    "std": _SAME.format(total="mean", x="away", first="away = x - {np}.mean(x, axis=axis, keepdims=True)\n    "),
}
