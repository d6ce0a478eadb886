"""Whole derivations with one slip each, as they are found in homework: it is told once, at its line, and what follows
from it is said to follow; mended, all of it is right.
"""

from __future__ import annotations

import pytest

from jacobian_cli.api.check.derivation_file import Grader, read_derivation

MLP = """
W1: h, d
W2: c, h
z1 = W1@x + b1
h1 = relu(z1)
z2 = W2@h1 + b2
L = cross_entropy(z2, y)
assume y: one_hot
dL/dz2 = y - softmax(z2)
dL/dW2 = (y - softmax(z2))@h1.T
dL/dh1 = W2.T@(y - softmax(z2))
dL/dW1 = (W2.T@(y - softmax(z2))*(z1 > 0))@x.T
"""
RIDGE = """
X: n, d
r = X@w - y
f = r.T@r/n + lam*w.T@w
df/dr = 2*r
delta = 2*r
df/dw = X.T@delta + 2*lam*w
"""
ATTENTION = """
S = Q@K.T/sqrt(d)
P = softmax(S)
O = P@V
J = sum(O*G)
Q: n,d
K: m,d
V: m,p
G: n,p
dJ/dV = P.T@G
dP = G@V.T
dJ/dS = P*(dP - sum(P*dP, axis=0))
dS = P*(dP - sum(P*dP, axis=0))
dJ/dQ = dS@K/sqrt(d)
dJ/dK = dS.T@Q/sqrt(d)
"""
RECURRENT = """
W: k, k
U: k, m
h1 = tanh(W@h0 + U@x1)
h2 = tanh(W@h1 + U@x2)
s = v.T@h2
delta2 = v*(1 - h2)
ds/dh1 = W.T@delta2
delta1 = (W.T@delta2)*(1 - h1**2)
ds/dW = delta2@h1.T + delta1@h0.T
ds/dU = delta2@x2.T + delta1@x1.T
"""
GAUSSIAN = """
X: n, d
mu: d
assume S: spd
D = X - mu
Q = D.T@D
l = -n/2*logdet(S) - 1/2*trace(inv(S)@Q)
dl/dQ = -1/2*inv(S)
dl/dD = -2*D@inv(S)
dl/dmu = sum(2*D@inv(S), axis=0)
dl/dS = -n/2*inv(S) + 1/2*inv(S)@Q@inv(S)
"""
CELL = """
f = sigmoid(a)
g = tanh(b)
c = f*p + g
o = sigmoid(e1)
h = o*tanh(c)
J = q.T@h
dJ/do = q*tanh(c)
dJ/dc = q*o*(1 - c**2)
delta_c = q*o*(1 - c**2)
dJ/db = delta_c*(1 - g**2)
dJ/da = delta_c*p*f*(1 - f)
dJ/de1 = q*tanh(c)*o*(1 - o)
"""
BATCH = """
X: n, d
W: d, c
Z = X@W + b
P = softmax(Z)
L = -sum(Y*log(P))/n
assume Y: one_hot
dL/dZ = P - Y
G = P - Y
dL/dW = X.T@G
dL/db = sum(G, axis=0)
dL/dX = G@W.T
"""
RESIDUAL = """
W: n,n
h = tanh(W@x)
y = x + h
E = norm(y - t)**2
dE/dy = 2*(y - t)
delta_y = 2*(y - t)
dE/dx = W.T@(delta_y*(1 - h**2))
dE/dW = (delta_y*(1 - h**2))@x.T
"""


@pytest.mark.parametrize(
    ("text", "line", "kind", "follow", "slip", "mended"),
    [
        (MLP, 9, "sign", (10, 11, 12), "y - softmax(z2)", "softmax(z2) - y"),
        (RIDGE, 5, "factor", (7,), "2*r", "2*r/n"),
        (ATTENTION, 12, "wrong_axis", (14, 15), "axis=0", "axis=1, keepdims=True"),
        (RECURRENT, 8, "inverse_power", (10, 11), "(1 - h2)", "(1 - h2**2)"),
        (GAUSSIAN, 9, "factor", (10,), "2*D", "D"),
        (CELL, 9, "input_for_output", (10, 11, 12), "c**2", "tanh(c)**2"),
        (BATCH, 8, "factor", (10, 11, 12), "P - Y", "(P - Y)/n"),
        (RESIDUAL, 8, "missing_term", (), "dE/dx = ", "dE/dx = delta_y + "),
    ],
)
def test_a_slip_and_what_follows(
    text: str, line: int, kind: str, follow: tuple[int, ...], slip: str, mended: str
) -> None:
    found = {one.line: one for one in Grader(read_derivation(text)).graded()}
    at = 7 if text is RECURRENT else line  # there it is in a name of one's own
    wrong = {number: one.follows for number, one in found.items() if not one.passed}
    assert wrong == {line: None, **dict.fromkeys(follow, at)}
    check = found[line].check
    assert check is not None
    assert check.diagnosis[0].kind == kind
    right = Grader(read_derivation(text.replace(slip, mended))).graded()
    assert [one.verdict for one in right] == ["right"] * len(found)


def test_what_rests_on_a_line_that_does_not_conform() -> None:
    text = """
W1: a, m
W2: b, a
h1 = sigmoid(W1@x)
z2 = W2@h1
z1 = W1@x
h2 = sigmoid(z2)
C = norm(h2 - y)**2/2
delta_z2 = (h2 - y)*h2*(1 - h2)
delta_h1 = W2@delta_z2
dC/dW1 = (delta_h1*h1*(1 - h1))@x.T
"""
    *_, wrong, rests = Grader(read_derivation(text)).graded()
    assert wrong.check is not None
    assert wrong.check.diagnosis[0].kind == "transposed"
    assert "line 10" in str(rests.error)
