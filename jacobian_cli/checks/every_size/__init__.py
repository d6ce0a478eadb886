"""True for every size: a proof by comparison at finitely many sizes, modulo a prime.

A formula and its derivative are families, one member for each choice of the sizes n, m, .... Two families are
compared: the derivative of the formula, by dual numbers, and each printed form, both along one random direction u of
the output and one v of the variable. That is a number at each point. When do finitely many such numbers settle all
sizes?

**Terms.** Written out, both sides are sums over indices of products of factors: entries of variables and of u and v,
numbers, sizes, deltas, and functions of such sums. Each *term* has a bounded number of indices; so it holds at most B_n
different values of an index over n. Renaming these values renames entries and changes nothing else.

**Theorem 1 (sums of products).** Let F be a sum of terms in which no function occurs, of at most B_s indices over each
size s, and of degree at most D_s in s, counting s where it is used as a number, and once for each sum over an index of
s that no other factor of the term holds. If F is zero at the sizes B_s + k_s for all k_s ≤ D_s (with Σ k_s ≤ D where
the degree in all sizes together is at most D), F is zero at every size.

*Proof.* At a size, F is a polynomial in independent entries. The coefficient of a monomial that holds r different
values of an index over n counts the ways to give values to the indices of a term such that this monomial results;
indices that its entries hold have a number of ways that does not depend on n, each other one ranges freely. So the
coefficient is a polynomial in the sizes of the degree told, the same for all monomials that differ by a renaming.
Monomials with r ≤ B_n values exist as soon as n ≥ B_n, and there are no others. So all coefficients are polynomials
that vanish on a lower set of points shifted by B, which determines polynomials of these degrees; they are zero, at
smaller sizes too. ∎

**Theorem 2 (functions).** The same holds with free symbols f(τ), f any function, two of which are equal where their
arguments are, if each B_s is also at least the number of indices in one argument, and the degrees of all arguments are
added to D.

*Proof.* τ - τ' is of the kind of theorem 1 (or of this one, of less depth): it is zero at all sizes, or at fewer sizes
than its degree. So away from few sizes the same symbols are equal, and F is a polynomial in independent symbols, which
renaming permutes; the proof above goes through. A true function satisfies what a free symbol does. ∎ That arguments
count with their own degrees is needed: f(0) + f((n-3)x + (n-4)y) - f((n-3)x) - f((n-4)y) is zero at n = 3 and at n = 4,
and each term is of degree 1.

That f(τ) holds an index is seen, not concluded: f(x_i - x_i) and f(δ_ij) have one value in many places, and a sum over
these counts them. So arguments are looked at at the first point. Where one is the same for two values of an index, the
function holds it no more than a number does, and the degrees are counted again.

Entries that have a number, x[0], are not moved by renaming. Theorem and proof hold of the other values of an index, if
each B_s is larger by the number of such places in all of the formula and the answer, not in one term: the sum of all
entries is x[0] + x[1] + x[2] at n = 3.

exp is a symbol with a law: exp(a) exp(b) = exp(a + b). A product of exponentials is 1 only where a whole combination
of their arguments is zero (exponentials of independent arguments are algebraically independent; Ax 1971), which again
is a sum of terms no longer than the longest argument. Steps (`>`, sign) are symbols with c² = c: products of different
ones are a basis. Their values are those at a real point, and a factor of d steps that is wrong shows with a probability
of 2^-d only; so several points are taken, among them such where all entries are of one sign and masks hold all or
none. The certificate is for the branches that were met: where a choice comes to the same at every point (`sum(m) > 9/2`
of a mask of four), or is made by sizes (`n > 40`), the other branch is unproven, and so is every size. The same with
roots of squares of differences of sizes, which are signs of these.

**Theorem 3 (quotients and roots).** The same holds with 1/τ and τ^(p/q), with r τ = 1 and s^q = τ^p, if the *places*
for an index in τ are counted in each term that divides by it, and each B_s is at least two more than those in τ. Over a
size over which some τ is a sum, all terms count places, one for each factor that holds an index; over the others they
count indices, since what is put in the place of an entry of τ holds the same ones.

*Proof, where the arguments are in general position.* Take the terms with the poles of highest order, at τ₁ = 0, ...,
τ_k = 0. If these are irreducible, different, and meet properly, no other term has these poles, so that the numerator
of these terms lies in the ideal of the τ's. Solving for an entry of each τ, which puts the other terms of τ in its
place, decides that: what is left of the numerator is of the kind of theorem 1 with no more places than were counted,
so it is zero at every size, the order of the poles is less by one at every size, and so on. A root is a basis over what
is under it. A sum of three terms or more in separate entries is irreducible (Ehrenfeucht & Pełczyński; Tverberg 1964;
Schinzel): hence the two indices more. ∎ General position is a condition, not a consequence: x/Σx + x⁻¹/Σx⁻¹ is 1 for
each of *two* entries, since Σx⁻¹ = Σx/Πx then, and no term holds more than two indices. Where it fails at every size
alike (τ' = 2τ, or products) the quotients are rewritten in fewer, at every size alike.

**Inverses and determinants** are no sums of boundedly many indices: inv(A) = (tr(A) I - A)/det(A) at n = 2. They enter
as free symbols: a matrix Y for each argument A, symmetric where A is, of which only dY = -Y dA Y is used, and
d log det A = tr(Y dA). What holds of free symbols holds of inverses, at every size. An answer that needs A Y = I is
compared with true inverses instead, and the certificate names the sizes. The same for products of all entries,
Cholesky factors, orders of indices (triangles, running sums, sorting), windows, and slices with ends: renaming is no
symmetry of these.

**Sizes as numbers** are drawn as any numbers first, apart from the lengths of axes; where both sides agree then, and no
sum runs freely, D is zero.

**Axes that are joined** (n·m in a vec) are pairs of indices, if everywhere in one order; those put
end to end (n + m in a concat) are indices of either part.

**Modulo a prime.** A polynomial of degree d that is not zero is zero at a random point with a probability of at most
d/p (Schwartz 1980, Zippel 1979), in the directions u and v too. The primes used have -1 no square, 2, 3, 5, ..., 31
squares, and third and fifth roots of all numbers. So the square root that is itself a square is multiplicative,
√(x²) = x or -x, as the sign of x (whether x is a square) says, and signs are multiplicative. exp is a true
homomorphism: its argument is taken modulo a prime q, its value in the group of order q modulo the next prime
p = 2kq + 1; so tanh, sigmoid and softmax are what they are, by their exponentials.

**Thirty digits.** Singular values, eigenvectors, exponentials of matrices have no values modulo a prime here, and of
Γ(x + 1) no identity is known: there both sides are compared in real numbers of 80 digits, to 30 of them, at as many
sizes as a proof would need or at a few small ones (see `digits`). That is evidence, and the certificate says so.
Formulas with branches are left out: a point is of one.

Certificates are for entries that are free, symmetric, diagonal, one-hot, or of sum one (which is linear); orthogonal
and triangular matrices are compared at a few sizes only.

References: J. T. Schwartz, J. ACM 27 (1980) 701; R. Zippel, EUROSAM '79, 216; J. Ax, Ann. of Math. 93 (1971) 252;
H. Tverberg, Math. Scand. 14 (1964); A. Amitsur & J. Levitzki, Proc. AMS 1 (1950) 449, for identities of small matrices.
"""
