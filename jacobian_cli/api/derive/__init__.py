"""One derivation: the answer, its proof, its steps, its source, and the layouts it is shown in."""
