"""Text to syntax tree, and carets: the lowest layer, which knows no function and no shape.

`router` finds the notation of a text and calls its reader; every reader gives the one tree of `tree`. What only shapes
can decide stands there as a call whose name begins with a question mark; `elaborate.meaning` decides it. From the text
`uᵀσ(Wx + b)` to the tree of `u.T@sigmoid(W@x + b)`:

| step | where | what comes out |
| --- | --- | --- |
| the language does not read it: mathematics | `router` (and `parser`, the language itself) | `"math"` |
| signs and runs of letters are cut | `mathematics`, names in it by `letters` (LaTeX: `latex`) | u T σ ( W x + b ) |
| the grammar of the board: sums, then products | `board.grammar` | `?beside(uᵀ, σ(…))` |
| … a factor and the marks behind it | `board.factors` | `?T(u)` |
| … a name: a value, a function, or a question | `board.identifiers` | `W` |
| … functions with and without brackets | `board.functions` | `sigmoid(…)` |
| … what brackets and bars hold | `board.brackets` | `?plus(?beside(W, x), b)` |
| shapes decide | `elaborate.meaning` | `u.T@sigmoid(W@x + b)` |
| what was read is shown | `spelling` | `read as  u.T@sigmoid(W@x + b)` |

The other readers:

- `code`: calls of NumPy, PyTorch and JAX. `code.python` is Python's own tree, `code.expressions` walks it,
  `code.arguments` binds a call, `libraries` is the table; `code.reductions`, `code.arrays`, `code.layers` are what no
  row says.
- `matlab`: `cursor` cuts, `grammar` reads, `functions` knows the functions.
- `function`: `source` picks a function of a file, `module` is the file, `body` the statements.

`declarations` reads sizes, facts and files of the language, `mends` says what to write instead, `tokens` holds the
limits, `errors` the one exception.
"""
