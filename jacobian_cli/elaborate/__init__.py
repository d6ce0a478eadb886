"""Syntax trees to typed expressions: names resolved, shapes inferred.

`program.elaborate` finds how many axes each name has (`demanded`, `defaults`, `guesses`), then the sizes
(`shape.Unifier`), and has every statement built. Who builds is one class in nineteen rooms, each the base of the next.
What a notation leaves to shapes is a call whose name begins with a question mark, and one method, in one room, says
what it becomes (`?beside` in `written`, `?turn` in `programmed`). So the order of the rooms matters only where one
takes up again what another has done, by `super()`:

    options, picking, builder     the language: options of calls, indices, functions on typed arguments
    shaped                        the walk: each part built, and remembered as what it has become
    enclosed                      bars, norms, powers
    transposes, unlike            around the walk, in mathematics: no row below a fraction line (asked before the part
                                  is built, while it is what was typed), no matrix plus vector (asked afterwards)
    greek_vectors                 Greek letters that are vectors where they stand behind a matrix or a row
    scaling, written              factors side by side: the one finds which are numbers, the other multiplies them
    diagonal                      between these: numbers that stand for multiples of the identity, capitals for numbers
    tensors                       ⊗ between vectors: Kronecker's product or the outer one
    signs                         Σ, a matrix or the sign of a sum
    sums                          takes up `beside`, `transposed` and `norm`: what carries the index of a sum is a row
    columns                       what runs down columns in MATLAB, Julia and R
    flat_arrays                   around the walk, in code: .T of one axis is no row, so the rooms above never see it
    programmed                    products, broadcasting and sizes as code has them
    coded                         around all that, and takes up `mtimes`: lower-case names that must be matrices
    meaning                       the whole: which axes names have, tried until what was read makes sense

Beside them stand the rooms of doubts, which read what was built and warn: `doubts`, `board_doubts`, `fed`,
`statistics`, `kernels`. Before any room is entered, `demanded`, `targets`, `weighted`, `latents` and `amounts` say in
code and in the language what must be an array, a vector or a number.
"""

from jacobian_cli.elaborate.as_arrays import elaborate_typed
from jacobian_cli.elaborate.builder import Builder
from jacobian_cli.elaborate.options import Scope
from jacobian_cli.elaborate.program import Program, elaborate

__all__ = ["Builder", "Program", "Scope", "elaborate", "elaborate_typed"]
