"""Independent derivations: autograd, finite differences, SymPy; none of them uses the table's derivatives."""
