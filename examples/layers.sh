# Backward passes of whole layers, as a paper prints them: the adjoint of each definition once, then a rule a variable.
jac derive -f examples/attention.jac --wrt Q,K,V --backward
#| S = QKᵀ / √d
#| P = softmax(S)
#| O = PV
#| O n×p · Q n×d · K m×d · V m×p
#|
#| δ = ∂J/∂O arrives from above
#| δ_P =      δVᵀ
#|            delta@V.T
#| δ_S =      P ⊙ (δ_P − sum(δ_P ⊙ P, axis=1, keepdims=True))
#|            P*(delta_P - sum(delta_P*P, axis=1, keepdims=True))
#| ∂J/∂Q =    δ_S K / √d
#|            delta_S@K/sqrt(d)
#| ∂J/∂K =    δ_SᵀQ / √d
#|            delta_S.T@Q/sqrt(d)
#| ∂J/∂V =    Pᵀδ
#|            P.T@delta
#| ✓ all 3 checked at 3 points: autograd to 1e-12, differences to 1e-12
#| ✓ for every n, d, m and p: exactly, modulo a prime, at 1 size (≤ 6 indices a
#|   term)
#|   not compared with SymPy, 3 of 3: written out, an entry would take over
#|     20,000 operations

# Layer normalisation: three terms, in what was normalised and in the gradient that arrives there.
jac derive -f examples/layernorm.jac --wrt X,gamma,beta --backward | sed -n '/arrives/,/^✓/p'
#| δ = ∂J/∂Y arrives from above
#| δ_Xh =     γ ⊙ δ
#|            gamma*delta
#| ∂J/∂X =    (δ_Xh − mean(δ_Xh, axis=1, keepdims=True) − Xh ⊙ mean(Xh ⊙ δ_Xh,
#|            axis=1, keepdims=True)) / √(v + ε)
#|            (delta_Xh - mean(delta_Xh, axis=1, keepdims=True) -
#|            Xh*mean(Xh*delta_Xh, axis=1, keepdims=True))/sqrt(v + eps)
#| ∂J/∂γ =    sum(δ ⊙ Xh, axis=0)
#|            sum(delta*Xh, axis=0)
#| ∂J/∂β =    sum(δ, axis=0)
#|            sum(delta, axis=0)
#| the answer is the same without: eps is positive
#| ✓ all 3 checked at 3 points: autograd to 1e-12, differences to 1e-12, SymPy

# A transformer block by all its weights and its input.
jac derive -f examples/block.jac --backward | sed -n '/arrives/,/^✓/p'
#| δ = ∂J/∂Y arrives from above
#| δ_Z =      δW₂ᵀ ⊙ 1(Z > 0)
#|            (delta@W2.T)*(Z > 0)
#| δ_M =      δ_Z W₁ᵀ
#|            delta_Z@W1.T
#| δ_A =      δ + (δ_M − mean(δ_M, axis=1, keepdims=True) − M ⊙ mean(δ_M ⊙ M,
#|            axis=1, keepdims=True)) / std(A, axis=1, keepdims=True)
#|            delta + (delta_M - mean(delta_M, axis=1, keepdims=True) -
#|            M*mean(delta_M*M, axis=1, keepdims=True))/std(A, axis=1,
#|            keepdims=True)
#| δ_O =      δ_A Woᵀ
#|            delta_A@Wo.T
#| δ_P =      δ_O Vᵀ
#|            delta_O@V.T
#| δ₁ =       P ⊙ (δ_P − sum(δ_P ⊙ P, axis=1, keepdims=True)) / √h
#|            P*(delta_P - sum(delta_P*P, axis=1, keepdims=True))/sqrt(h)
#| δ_Q =      δ₁K
#|            delta1@K
#| δ_K =      δ₁ᵀQ
#|            delta1.T@Q
#| δ_V =      Pᵀ δ_O
#|            P.T@delta_O
#| δ_N =      δ_Q Wqᵀ + δ_K Wkᵀ + δ_V Wvᵀ
#|            delta_Q@Wq.T + delta_K@Wk.T + delta_V@Wv.T
#| ∂J/∂X =    (δ_N − mean(δ_N, axis=1, keepdims=True) − N ⊙ mean(δ_N ⊙ N, axis=1,
#|            keepdims=True)) / std(X, axis=1, keepdims=True) + δ_A
#|            (delta_N - mean(delta_N, axis=1, keepdims=True) - N*mean(delta_N*N,
#|            axis=1, keepdims=True))/std(X, axis=1, keepdims=True) + delta_A
#| ∂J/∂Wq =   Nᵀ δ_Q
#|            N.T@delta_Q
#| ∂J/∂Wk =   Nᵀ δ_K
#|            N.T@delta_K
#| ∂J/∂Wv =   Nᵀ δ_V
#|            N.T@delta_V
#| ∂J/∂Wo =   Oᵀ δ_A
#|            O.T@delta_A
#| ∂J/∂W₁ =   Mᵀ δ_Z
#|            M.T@delta_Z
#| ∂J/∂W₂ =   Hᵀδ
#|            H.T@delta
#| ✓ all 7 checked at 3 points: autograd to 1e-12, differences to 1e-8
