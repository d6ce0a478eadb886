"""Index calculus: from an expression to the closed form of its derivative. The rooms, each above those below it:

steps           a derivation line by line, each line with its reason
chain           local Jacobians and their product, in the order that costs least
derivative      the forms of one derivative (Jacobian, gradient, backward rule), and the names of what repeats
reshape         layouts and vec orders: the pure-math Jacobian and the shape convention
notation        index form back to matrix notation: products, transposes, diag, Hadamard, Kronecker
differentiate   expressions to index form, and the pullback through them
simplify        identities that make an index form shorter
cost            what an answer costs its reader: the one measure of "shorter"
index           index form itself: products of tensors over labelled axes, and their canonical order
"""
