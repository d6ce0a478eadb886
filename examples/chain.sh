# A value that branches: what comes back along each way is added. Two residual blocks make four ways.
jac chain -f examples/residual.jac --wrt x | sed -n '/backwards/,/^$/p'
#| Their product, from loss backwards ─────────────────────────────────────────────
#|   ∂loss/∂x₂  1 × m
#|     = (x₂ − t)ᵀ = δ₁ᵀ
#|   ∂loss/∂h₂  1 × k
#|     = ∂loss/∂x₂ ∂x₂/∂h₂ = δ₁ᵀV₂ = δ₂ᵀ
#|   ∂loss/∂x₁  1 × m; 2 paths, added up
#|     by x₂  ∂loss/∂x₂ ∂x₂/∂x₁  = δ₁ᵀI
#|     by h₂  ∂loss/∂h₂ ∂h₂/∂x₁  = δ₂ᵀ diag(1(W₂x₁ > 0))W₂
#|     sum = (δ₁ + W₂ᵀ(δ₂ ⊙ 1(W₂x₁ > 0)))ᵀ = δ₃ᵀ
#|   ∂loss/∂h₁  1 × n; 2 paths come through here
#|     = ∂loss/∂x₁ ∂x₁/∂h₁ = δ₃ᵀV₁ = δ₄ᵀ
#|   ∂loss/∂x  1 × m; 4 paths, added up
#|     path loss → x₂ → x₁ → x
#|     path loss → x₂ → h₂ → x₁ → x
#|     path loss → x₂ → x₁ → h₁ → x
#|     path loss → x₂ → h₂ → x₁ → h₁ → x
#|     by x₁  ∂loss/∂x₁ ∂x₁/∂x  = δ₃ᵀI
#|     by h₁  ∂loss/∂h₁ ∂h₁/∂x  = δ₄ᵀ diag(1(W₁x > 0))W₁
#|     sum = (δ₃ + W₁ᵀ(δ₄ ⊙ 1(W₁x > 0)))ᵀ

# Three layers on a batch: from the loss backwards each layer has its δ, and reverse mode is 724 times cheaper.
jac chain -f examples/mlp.jac --wrt W1 | sed -n '/^Named/,/^∂/p'
#| Named once ─────────────────────────────────────────────────────────────────────
#|   δ₁ = ∂loss/∂logits  N × 10
#|       delta1 = (softmax(logits) - Y)/N
#|       (softmax(logits) − Y) / N
#|   δ₂ = ∂loss/∂H₂      N × 64   delta2 = delta1@W3.T  δ₁W₃ᵀ
#|   δ₃ = ∂loss/∂Z₂      N × 64   delta3 = delta2*(Z2 > 0)  δ₂ ⊙ 1(Z₂ > 0)
#|   δ₄ = ∂loss/∂H₁      N × 128  delta4 = delta3@W2.T  δ₃W₂ᵀ
#|   δ₅ = ∂loss/∂Z₁      N × 128  delta5 = delta4*(Z1 > 0)  δ₄ ⊙ 1(Z₁ > 0)
#|
#| Order of multiplication ────────────────────────────────────────────────────────
#|   in multiply-adds at N = 2; a diagonal costs its length, an identity nothing
#|   ∂loss/∂W₁
#|     reverse mode  218,752      109376N  ← cheapest
#|     forward mode  158,455,808  79177728N + 100352
#|     from the left each product has 1 row, as many as loss has entries; from
#|       the right 100,352 columns, as many as W₁: reverse mode wins
#|
#| ∂loss/∂W₁ ──────────────────────────────────────────────────────────────────────

# f∘g, outermost first.
jac chain "sum(h**2)" "tanh(z)" "W@x" --wrt W --json | python3 -c "import json, sys; print(json.load(sys.stdin)['where'])"
#| {'z': 'W@x', 'h': 'tanh(z)', 'delta1': '2*h*(1 - h**2)'}
