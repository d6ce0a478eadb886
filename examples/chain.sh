# A value that branches: what comes back along each way is added. Two residual blocks make four ways.
jac chain -f examples/residual.jac --wrt x | sed -n '/backwards/,/^$/p'
#| Their product, from loss backwards ─────────────────────────────────────────────
#|   ∂loss/∂x₂  1 × m
#|     = (x₂ − t)ᵀ = δ_x2ᵀ
#|   ∂loss/∂h₂  1 × k
#|     = ∂loss/∂x₂ ∂x₂/∂h₂ = δ_x2ᵀV₂ = δ_h2ᵀ
#|   ∂loss/∂x₁  1 × m; 2 paths, added up
#|     by x₂  ∂loss/∂x₂ ∂x₂/∂x₁  = δ_x2ᵀI
#|     by h₂  ∂loss/∂h₂ ∂h₂/∂x₁  = δ_h2ᵀ diag(1(W₂x₁ > 0))W₂
#|     sum = (δ_x2 + W₂ᵀ(δ_h2 ⊙ 1(W₂x₁ > 0)))ᵀ = δ_x1ᵀ
#|   ∂loss/∂h₁  1 × n; 2 paths come through here
#|     = ∂loss/∂x₁ ∂x₁/∂h₁ = δ_x1ᵀV₁ = δ_h1ᵀ
#|   ∂loss/∂x  1 × m; 4 paths, added up
#|     path loss → x₂ → x₁ → x
#|     path loss → x₂ → h₂ → x₁ → x
#|     path loss → x₂ → x₁ → h₁ → x
#|     path loss → x₂ → h₂ → x₁ → h₁ → x
#|     by x₁  ∂loss/∂x₁ ∂x₁/∂x  = δ_x1ᵀI
#|     by h₁  ∂loss/∂h₁ ∂h₁/∂x  = δ_h1ᵀ diag(1(W₁x > 0))W₁
#|     sum = (δ_x1 + W₁ᵀ(δ_h1 ⊙ 1(W₁x > 0)))ᵀ

# Three layers on a batch: from the loss backwards each layer has its δ, and reverse mode is 724 times cheaper.
jac chain -f examples/mlp.jac --wrt W1 | sed -n '/^Named/,/^∂/p'
#| Named once ─────────────────────────────────────────────────────────────────────
#|   δ_logits = ∂loss/∂logits  N × 10
#|       delta_logits = (softmax(logits) - Y)/N
#|       (softmax(logits) − Y) / N
#|   δ_H2 = ∂loss/∂H₂          N × 64   delta_H2 = delta_logits@W3.T  δ_logits W₃ᵀ
#|   δ_Z2 = ∂loss/∂Z₂          N × 64
#|       delta_Z2 = delta_H2*(Z2 > 0)
#|       δ_H2 ⊙ 1(Z₂ > 0)
#|   δ_H1 = ∂loss/∂H₁          N × 128  delta_H1 = delta_Z2@W2.T  δ_Z2 W₂ᵀ
#|   δ_Z1 = ∂loss/∂Z₁          N × 128
#|       delta_Z1 = delta_H1*(Z1 > 0)
#|       δ_H1 ⊙ 1(Z₁ > 0)
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
#| {'z': 'W@x', 'h': 'tanh(z)', 'delta_z': '2*h*(1 - h**2)'}
