"""`jac examples`: commands to try, by topic. The tests run every one."""

from __future__ import annotations

from jacobian_cli.cli.screen import Screen
from jacobian_cli.syntax.errors import InputError

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "neuron": (
        ("the lecture's neuron: which transpose goes where", 'jac "u^T σ(Wx + b)" --wrt W'),
        ("every gradient at once", 'jac "u.T @ sigmoid(W@x + b)"'),
        ("the same, step by step", 'jac derive "u.T @ sigmoid(W@x + b)" --wrt W --steps'),
        (
            "link by link, with the delta that all share",
            'jac chain "z = W@x + b" "h = sigmoid(z)" "s = u.T@h" --wrt W,b',
        ),
    ),
    "softmax": (
        ("its Jacobian, entry by entry", 'jac derive "softmax(z)" --wrt z --entries'),
        ("cross-entropy of logits", 'jac derive "cross_entropy(z, y)" --wrt z --assume y=one_hot'),
        ("a batch", 'jac derive "cross_entropy(X@W + b, Y)" --wrt W,b --assume Y=one_hot'),
    ),
    "attention": (
        ("by the queries", 'jac derive "softmax(Q@K.T/sqrt(d))@V" --wrt Q'),
        ("typed as in the paper", 'jac derive "softmax(QK^T/sqrt(d))V" --wrt V'),
    ),
    "normalisation": (
        ("the three terms of layer normalisation", 'jac derive "layernorm(x)" --wrt x'),
        ("a unit vector", 'jac derive "x/norm(x)" --wrt x'),
    ),
    "hessians": (
        ("least squares", 'jac hessian "norm(X@w - y)**2/2" --wrt w'),
        ("logistic regression, its structure kept", 'jac hessian "sum(log(1 + exp(-y*(X@w))))" --wrt w'),
    ),
    "graph": (
        ("the lecture's circuit: 2, 5, 0", 'jac backprop "(x + y)*max(y, z)" --at x=1,y=2,z=0'),
        ("as a tree", 'jac backprop "(x + y)*max(y, z)" --at x=1,y=2,z=0 --tree'),
    ),
    "checking": (
        ("a sign", 'jac check "norm(Y - X@W)**2" --wrt W "2*X.T@(Y - X@W)"'),
        ("right under a condition", 'jac check "x.T@A@x" --wrt x "2*A@x"'),
        ("a backward rule", 'jac check "Q@K.T" --wrt K "Q@delta.T"'),
    ),
    "layouts": (
        ("the same Jacobian in every convention", 'jac derive "A@X@B" --wrt X --explain-layout'),
        ("the textbook vec", 'jac derive "A@X@B" --wrt X --vec column'),
    ),
}


def show_examples(topic: str | None) -> None:
    """Every topic, or one. Raises `InputError` for a topic that there is not."""
    if topic is not None and topic not in EXAMPLES:
        raise InputError(f"there is no topic '{topic}'", hint=f"there are {', '.join(EXAMPLES)}")
    screen = Screen()
    for name, commands in EXAMPLES.items():
        if topic in (None, name):
            screen.heading(name)
            for what, command in commands:
                screen.line(f"# {what}", style="dim", indent=4)
                screen.line(command, style="green", indent=4)
