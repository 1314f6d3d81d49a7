(* The checkers' rules in integers are sound: what a rule accepts is true of the real numbers.
   Stands alone; no axioms but those of Coq's real numbers. *)
From Coq Require Import Reals ZArith Lia Lra Psatz List.
From Coq Require FunctionalExtensionality.
Import ListNotations.
Open Scope R_scope.

Lemma square_order : forall x y, 0 <= x -> 0 <= y -> x * x < y * y -> x < y.
Proof. intros x y Hx Hy H. apply Rnot_le_lt. intro C.
assert (y * y <= x * x) by (apply Rmult_le_compat; assumption). lra. Qed.
Lemma root_square : forall b d, 0 <= d -> (b * sqrt d) * (b * sqrt d) = b * b * d.
Proof. intros b d H. replace (b * sqrt d * (b * sqrt d)) with (b * b * (sqrt d * sqrt d)) by ring.
rewrite sqrt_sqrt by assumption. reflexivity. Qed.
Lemma root_nonnegative : forall b d, 0 <= b -> 0 <= b * sqrt d.
Proof. intros. apply Rmult_le_pos; [assumption | apply sqrt_pos]. Qed.

(* --- The sign of a + b sqrt(d) - c, isolated and squared (claims cell, threshold) --- *)
Definition sign (a b d c : Z) : Z :=
  (if c - a <? 0 then 1 else Z.sgn (b * b * d - (c - a) * (c - a)))%Z.

Definition value (a b d : Z) : R := IZR a + IZR b * sqrt (IZR d).

Lemma square_IZR : forall a b d c,
  IZR (b * b * d - (c - a) * (c - a)) = IZR b * IZR b * IZR d - (IZR c - IZR a) * (IZR c - IZR a).
Proof. intros. rewrite minus_IZR, !mult_IZR, minus_IZR. reflexivity. Qed.

Theorem sign_sound : forall a b d c, (0 <= b)%Z -> (0 <= d)%Z ->
  (sign a b d c = (-1)%Z -> value a b d < IZR c) /\
  (sign a b d c = 0%Z -> value a b d = IZR c) /\
  (sign a b d c = 1%Z -> IZR c < value a b d).
Proof. intros a b d c Hb Hd. apply IZR_le in Hb, Hd. unfold sign, value.
assert (N := root_nonnegative (IZR b) (IZR d) Hb). assert (S := root_square (IZR b) (IZR d) Hd).
assert (Q := square_IZR a b d c). set (x := IZR b * sqrt (IZR d)) in *.
destruct (Z.ltb_spec (c - a) 0) as [G | G].
- apply IZR_lt in G. rewrite minus_IZR in G. repeat split; intro E; try discriminate. lra.
- apply IZR_le in G. rewrite minus_IZR in G. repeat split; intro E.
  + apply (proj1 (Z.sgn_neg_iff _)) in E. apply IZR_lt in E. rewrite Q in E.
    assert (x < IZR c - IZR a) by (apply square_order; lra). lra.
  + apply (proj1 (Z.sgn_null_iff _)) in E. rewrite E in Q.
    assert (x = IZR c - IZR a) by (apply Rsqr_inj; unfold Rsqr; lra). lra.
  + apply (proj1 (Z.sgn_pos_iff _)) in E. apply IZR_lt in E. rewrite Q in E.
    assert (IZR c - IZR a < x) by (apply square_order; lra). lra. Qed.

(* The witnesses a, b, d, c stand for the same number as the construction's A, B, D, C. *)
Theorem witness_sound : forall a b d c A B D C,
  (0 <= b)%Z -> (0 <= d)%Z -> (0 < c)%Z -> (0 <= B)%Z -> (0 <= D)%Z -> (0 < C)%Z ->
  (a * C = A * c)%Z -> (b * b * d * C * C = B * B * D * c * c)%Z ->
  value a b d / IZR c = value A B D / IZR C.
Proof. intros a b d c A B D C Hb Hd Hc HB HD HC H1 H2.
apply (f_equal IZR) in H1, H2. repeat rewrite mult_IZR in H1. repeat rewrite mult_IZR in H2.
apply IZR_le in Hb, Hd, HB, HD. apply IZR_lt in Hc, HC. unfold value.
assert (S := root_square (IZR b) (IZR d) Hd). assert (T := root_square (IZR B) (IZR D) HD).
assert (M := root_nonnegative (IZR b) (IZR d) Hb).
assert (N := root_nonnegative (IZR B) (IZR D) HB).
set (x := IZR b * sqrt (IZR d)) in *. set (y := IZR B * sqrt (IZR D)) in *.
assert (R : x * IZR C = y * IZR c).
{ apply Rsqr_inj; try (apply Rmult_le_pos; lra). unfold Rsqr.
  replace (x * IZR C * (x * IZR C)) with (x * x * IZR C * IZR C) by ring.
  replace (y * IZR c * (y * IZR c)) with (y * y * IZR c * IZR c) by ring.
  rewrite S, T. exact H2. }
apply Rmult_eq_reg_r with (IZR c * IZR C); [| apply Rmult_integral_contrapositive; lra].
field_simplify; [| lra | lra]. nra. Qed.

(* The rule of `cell` as a whole: P / K^N = (A + B sqrt(D)) / C, of which the sign is told. *)
Theorem cell_sound : forall (P KN : R) a b d c A B D C, 0 < KN ->
  P / KN = value A B D / IZR C ->
  (0 <= b)%Z -> (0 <= d)%Z -> (0 < c)%Z -> (0 <= B)%Z -> (0 <= D)%Z -> (0 < C)%Z ->
  (a * C = A * c)%Z -> (b * b * d * C * C = B * B * D * c * c)%Z ->
  (sign a b d c = (-1)%Z -> P < KN) /\ (sign a b d c = 0%Z -> P = KN) /\
  (sign a b d c = 1%Z -> KN < P).
Proof. intros P KN a b d c A B D C HK HP Hb Hd Hc HB HD HC H1 H2.
assert (W : value a b d / IZR c = value A B D / IZR C) by
  (apply witness_sound; assumption).
rewrite <- W in HP. assert (V : value a b d = P / KN * IZR c) by
  (rewrite HP; field; apply IZR_lt in Hc; lra).
assert (X : P = P / KN * KN) by (field; lra). apply IZR_lt in Hc.
destruct (sign_sound a b d c Hb Hd) as [S1 [S2 S3]]. repeat split; intro E.
- apply S1 in E. rewrite V in E. assert (P / KN < 1) by nra. nra.
- apply S2 in E. rewrite V in E. assert (P / KN = 1) by nra. nra.
- apply S3 in E. rewrite V in E. assert (1 < P / KN) by nra. nra. Qed.

(* --- Roots (claim cost): P = c^N <= (p/q)^N gives c <= p/q; costs add --- *)
Theorem root_sound : forall (P c : R) (p q : Z) (N : nat), (0 < N)%nat -> 0 <= c ->
  P = c ^ N -> (0 < p)%Z -> (0 < q)%Z -> P * IZR q ^ N <= IZR p ^ N -> c <= IZR p / IZR q.
Proof. intros P c p q N HN Hc HP Hp Hq H. apply IZR_lt in Hp, Hq. apply Rnot_lt_le. intro L.
assert (I : IZR p < c * IZR q).
{ apply Rmult_lt_compat_r with (r := IZR q) in L; [| assumption].
  unfold Rdiv in L. rewrite Rmult_assoc, Rinv_l in L by lra. lra. }
assert (IZR p ^ N < (c * IZR q) ^ N).
{ destruct N as [| n]; [lia |].
  clear H HP. induction n as [| n IH]; [simpl; lra |].
  change (IZR p * IZR p ^ S n < c * IZR q * (c * IZR q) ^ S n).
  assert (0 < IZR p ^ S n) by (apply pow_lt; lra). assert (IH' := IH ltac:(lia)).
  apply Rmult_gt_0_lt_compat; lra. }
rewrite Rpow_mult_distr, <- HP in *. lra. Qed.

(* Blocks as pairs of classes and cost: a sum costs less than DNC only if some block does. *)
Definition classes (blocks : list (R * R)) : R := fold_right (fun b x => fst b + x) 0 blocks.
Definition cost (blocks : list (R * R)) : R := fold_right (fun b x => snd b + x) 0 blocks.
Theorem threshold_sound : forall blocks,
  (forall b, In b blocks -> fst b <= snd b) -> classes blocks <= cost blocks.
Proof. induction blocks as [| b rest IH]; intro H; unfold classes, cost; simpl; [lra |].
assert (fst b <= snd b) by (apply H; left; reflexivity).
assert (classes rest <= cost rest) by (apply IH; intros; apply H; right; assumption).
unfold classes, cost in *. lra. Qed.

(* --- Polynomials (claims polynomial, triangular family, equal scale) ---
   A term is a coefficient and the exponents of the variables x 0, x 1, ... *)
Definition monomial (x : nat -> R) (exponents : list nat) : R :=
  snd (fold_left (fun s e => (S (fst s), snd s * x (fst s) ^ e)) exponents (O, 1)).
Definition at_point (x : nat -> R) (terms : list (Z * list nat)) : R :=
  fold_right (fun t y => IZR (fst t) * monomial x (snd t) + y) 0 terms.
Definition shown_nonnegative (terms : list (Z * list nat)) : bool :=
  forallb (fun t => 0 <=? fst t)%Z terms.
Definition constant (t : Z * list nat) : bool := forallb (Nat.eqb 0) (snd t).
Definition shown_positive (terms : list (Z * list nat)) : bool :=
  (shown_nonnegative terms && existsb (fun t => (0 <? fst t)%Z && constant t) terms)%bool.

Lemma monomial_nonnegative_from : forall x exponents n y, (forall i, 0 <= x i) -> 0 <= y ->
  0 <= snd (fold_left (fun s e => (S (fst s), snd s * x (fst s) ^ e)) exponents (n, y)).
Proof. intros x exponents. induction exponents as [| e rest IH]; intros n y Hx Hy; simpl;
[assumption |]. apply IH; [assumption |]. apply Rmult_le_pos; [assumption |].
apply pow_le, Hx. Qed.
Lemma monomial_constant : forall x exponents n y, forallb (Nat.eqb 0) exponents = true ->
  snd (fold_left (fun s e => (S (fst s), snd s * x (fst s) ^ e)) exponents (n, y)) = y.
Proof. intros x exponents. induction exponents as [| e rest IH]; intros n y H; simpl in *;
[reflexivity |]. apply andb_prop in H as [H1 H2]. destruct e; [| discriminate].
rewrite IH by assumption. simpl. ring. Qed.

Theorem nonnegative_sound : forall x terms, (forall i, 0 <= x i) ->
  shown_nonnegative terms = true -> 0 <= at_point x terms.
Proof. intros x terms Hx. induction terms as [| t rest IH]; intro H; simpl in *; [lra |].
apply andb_prop in H as [H1 H2]. apply Z.leb_le, IZR_le in H1. specialize (IH H2).
assert (0 <= monomial x (snd t)) by (apply monomial_nonnegative_from; [assumption | lra]).
assert (0 <= IZR (fst t) * monomial x (snd t)) by (apply Rmult_le_pos; assumption). lra. Qed.

Theorem positive_sound : forall x terms, (forall i, 0 <= x i) ->
  shown_positive terms = true -> 0 < at_point x terms.
Proof. intros x terms Hx H. unfold shown_positive in H. apply andb_prop in H as [H1 H2].
induction terms as [| t rest IH]; simpl in *; [discriminate |].
apply andb_prop in H1 as [H3 H4].
assert (N := nonnegative_sound x rest Hx H4). apply Z.leb_le, IZR_le in H3.
assert (0 <= monomial x (snd t)) by (apply monomial_nonnegative_from; [assumption | lra]).
assert (0 <= IZR (fst t) * monomial x (snd t)) by (apply Rmult_le_pos; assumption).
apply Bool.orb_prop in H2 as [H2 | H2].
- apply andb_prop in H2 as [H5 H6]. apply Z.ltb_lt, IZR_lt in H5.
  unfold monomial. rewrite monomial_constant by exact H6. lra.
- specialize (IH H4 H2). lra. Qed.

(* --- Partial fits: P Q^(L-1) < T^(2L), with Q = |Z|^2 and T = tr Z > 0, is kappa/tau < x ---
   At the scale rho = T/Q: rho T = rho^2 Q = T^2/Q = tau K, and P becomes rho^2 P.  With
   kappa^N = h rho^2 P and x^N = h K^N the rule says kappa^N < (tau x)^N. *)
Theorem partial_fit_sound : forall (P Q T h K : R) (L : nat), (1 <= L)%nat -> 0 < P -> 0 < Q ->
  0 < T -> 0 < h -> 0 < K -> P * Q ^ (L - 1) < T ^ (2 * L) ->
  let rho := T / Q in let tau := rho * T / K in
  h * (rho ^ 2 * P) < tau ^ (L + 1) * (h * K ^ (L + 1)).
Proof. intros P Q T h K L HL HP HQ HT Hh HK H rho tau.
assert (E : tau ^ (L + 1) * (h * K ^ (L + 1)) = h * (rho * T) ^ (L + 1)).
{ unfold tau, Rdiv. rewrite Rpow_mult_distr, pow_inv. field. apply pow_nonzero. lra. }
rewrite E. apply Rmult_lt_compat_l; [assumption |].
assert (F : (rho * T) ^ (L + 1) = rho ^ 2 * (T ^ (2 * L) / Q ^ (L - 1))).
{ unfold rho, Rdiv. replace (L + 1)%nat with (2 + (L - 1))%nat by lia.
  replace (2 * L)%nat with (2 + (2 * (L - 1)))%nat by lia.
  rewrite (pow_add _ 2), (pow_add T 2), (pow_mult T 2).
  rewrite !Rpow_mult_distr, <- !pow_inv.
  replace ((T ^ 2) ^ (L - 1)) with (T ^ (L - 1) * T ^ (L - 1)) by
    (rewrite <- Rpow_mult_distr; f_equal; ring). ring. }
rewrite F. apply Rmult_lt_compat_l.
- apply pow_lt. unfold rho. apply Rdiv_lt_0_compat; assumption.
- assert (0 < Q ^ (L - 1)) by (apply pow_lt; assumption).
  apply Rmult_lt_reg_r with (Q ^ (L - 1)); [assumption |].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. Qed.

(* --- Minimal losses: v and f increase on [0, 1/L], so v(s) <= h = v(t) gives f(s) <= f(t) --- *)
Definition v (L : nat) (t : R) : R := t ^ (L + 1) * (1 - t) ^ (L - 1).
Definition f (L : nat) (t : R) : R := t * (INR L + 1 - INR L * t) / 2.

Lemma v_increases : forall L s t, (1 <= L)%nat -> 0 <= s -> s < t -> t * INR L <= 1 ->
  v L s < v L t.
Proof. intros L s t HL Hs Ht H. unfold v.
assert (E : forall x, x ^ (L + 1) * (1 - x) ^ (L - 1) = (x * (1 - x)) ^ (L - 1) * (x * x)).
{ intro x. replace (L + 1)%nat with (L - 1 + 2)%nat by lia.
  rewrite pow_add, Rpow_mult_distr. ring. }
rewrite !E. assert (s * s < t * t) by nra.
destruct (Nat.eq_dec L 1) as [-> | N]; [simpl; lra |].
assert (2 <= INR L) by (replace 2 with (INR 2) by (simpl; lra); apply le_INR; lia).
assert (t <= 1 / 2) by nra. assert (0 <= s * (1 - s)) by nra.
assert (s * (1 - s) <= t * (1 - t)) by nra. assert (0 < t * (1 - t)) by nra.
assert ((s * (1 - s)) ^ (L - 1) <= (t * (1 - t)) ^ (L - 1)) by (apply pow_incr; lra).
assert (0 < (t * (1 - t)) ^ (L - 1)) by (apply pow_lt; lra).
assert (0 <= (s * (1 - s)) ^ (L - 1)) by (apply pow_le; lra). nra. Qed.

Lemma f_increases : forall L s t, (1 <= L)%nat -> s <= t -> t * INR L <= 1 -> f L s <= f L t.
Proof. intros L s t HL Hs H. unfold f. assert (1 <= INR L) by
  (replace 1 with (INR 1) by (simpl; lra); apply le_INR; lia).
assert (s * INR L <= 1) by nra.
assert (0 <= (t - s) * (INR L + 1 - INR L * (s + t))) by (apply Rmult_le_pos; nra). nra. Qed.

Theorem enclosed_sound : forall L t low high below above, (1 <= L)%nat ->
  0 <= t -> t * INR L <= 1 -> 0 <= below -> below * INR L <= 1 ->
  0 <= above -> above * INR L <= 1 -> v L below <= v L t -> v L t <= v L above ->
  low <= f L below -> f L above <= high -> low <= f L t <= high.
Proof. intros L t low high b a HL Ht Ht1 Hb Hb1 Ha Ha1 V1 V2 F1 F2.
assert (b <= t) by (apply Rnot_lt_le; intro C; assert (v L t < v L b) by
  (apply v_increases; assumption); lra).
assert (t <= a) by (apply Rnot_lt_le; intro C; assert (v L a < v L t) by
  (apply v_increases; assumption); lra).
assert (f L b <= f L t) by (apply f_increases; assumption).
assert (f L t <= f L a) by (apply f_increases; assumption). lra. Qed.

(* --- Chains: the pseudo-inverse ends one, projections lengthen it (claims chain, cost) ---
   Matrices are zero outside of their shape; A is p x k, G = A^T A, and X its inverse. *)
Ltac entry i j := apply FunctionalExtensionality.functional_extensionality; intro i;
  apply FunctionalExtensionality.functional_extensionality; intro j.
Definition matrix := nat -> nat -> R.
Fixpoint sum (n : nat) (g : nat -> R) : R := match n with O => 0 | S m => sum m g + g m end.
Definition mul (n : nat) (A B : matrix) : matrix := fun i j => sum n (fun l => A i l * B l j).
Definition transpose (A : matrix) : matrix := fun i j => A j i.
Definition relu (A : matrix) : matrix := fun i j => Rmax (A i j) 0.
Definition one (k : nat) : matrix :=
  fun i j => if ((i =? j)%nat && (i <? k)%nat)%bool then 1 else 0.
Definition trace (n : nat) (A : matrix) : R := sum n (fun i => A i i).
Definition norm2 (m n : nat) (A : matrix) : R := sum m (fun i => sum n (fun j => A i j * A i j)).
Definition shape (m n : nat) (A : matrix) : Prop :=
  forall i j, (m <= i)%nat \/ (n <= j)%nat -> A i j = 0.

Lemma sum_ext : forall n g h, (forall i, g i = h i) -> sum n g = sum n h.
Proof. induction n; simpl; intros g h E; [reflexivity |]. rewrite (IHn g h E), E. reflexivity. Qed.
Lemma sum_scale : forall n c g, sum n (fun i => c * g i) = c * sum n g.
Proof. induction n; simpl; intros; [ring |]. rewrite IHn. ring. Qed.
Lemma sum_add : forall n g h, sum n (fun i => g i + h i) = sum n g + sum n h.
Proof. induction n; simpl; intros; [ring |]. rewrite IHn. ring. Qed.
Lemma sum_swap : forall m n g,
  sum m (fun i => sum n (fun j => g i j)) = sum n (fun j => sum m (fun i => g i j)).
Proof. induction m; simpl; intros n g.
- induction n; simpl; [reflexivity |]. rewrite <- IHn. ring.
- rewrite IHm. symmetry. apply (sum_add n (fun j => sum m (fun i => g i j)) (g m)). Qed.

Lemma mul_assoc : forall m n A B C, mul n (mul m A B) C = mul m A (mul n B C).
Proof. intros. entry i j. unfold mul.
transitivity (sum n (fun l => sum m (fun x => A i x * B x l * C l j))).
- apply sum_ext. intro l. rewrite Rmult_comm, <- sum_scale. apply sum_ext. intro. ring.
- rewrite sum_swap. apply sum_ext. intro x. rewrite <- sum_scale. apply sum_ext. intro. ring. Qed.
Lemma transpose_mul : forall n A B, transpose (mul n A B) = mul n (transpose B) (transpose A).
Proof. intros. entry i j. apply sum_ext. intro. unfold transpose. ring. Qed.
Lemma trace_mul : forall m n A B, trace m (mul n A B) = trace n (mul m B A).
Proof. intros. unfold trace, mul. rewrite sum_swap. apply sum_ext. intro. apply sum_ext. intro.
ring. Qed.

Lemma sum_one : forall k i g n, (n <= k)%nat ->
  sum n (fun l => one k i l * g l) = if (i <? n)%nat then g i else 0.
Proof. intros k i g. induction n; intro H; [reflexivity |]. simpl sum. rewrite IHn by lia.
unfold one. destruct (Nat.ltb_spec i n), (Nat.eqb_spec i n), (Nat.ltb_spec i (S n)),
(Nat.ltb_spec i k); subst; simpl; try lia; ring. Qed.
Lemma one_symmetric : forall k, transpose (one k) = one k.
Proof. intro. entry i j. unfold transpose, one.
rewrite (Nat.eqb_sym j i). destruct (Nat.eqb_spec i j) as [-> |]; reflexivity. Qed.
Lemma one_left : forall k n A, shape k n A -> mul k (one k) A = A.
Proof. intros k n A H. entry i j. unfold mul.
etransitivity; [apply (sum_one k i (fun l => A l j) k); lia |].
destruct (Nat.ltb_spec i k); [reflexivity |]. symmetry. apply H. left. assumption. Qed.
Lemma one_right : forall m k A, shape m k A -> mul k A (one k) = A.
Proof. intros m k A H.
assert (E : mul k (one k) (transpose A) = transpose A).
{ apply one_left with m. intros i j C. apply H. tauto. }
apply (f_equal transpose) in E. rewrite transpose_mul, one_symmetric in E. exact E. Qed.
Lemma trace_one : forall k, trace k (one k) = INR k.
Proof. intro k. unfold trace. assert (E : forall n, (n <= k)%nat ->
  sum n (fun i => one k i i) = INR n).
{ induction n; intro H; [reflexivity |]. rewrite S_INR. simpl sum. rewrite IHn by lia.
  unfold one. rewrite Nat.eqb_refl. destruct (Nat.ltb_spec n k); [simpl; ring | lia]. }
apply E. lia. Qed.

Section Ending.
Variables (p k : nat) (A X : matrix).
Hypotheses (SA : shape p k A) (SX : shape k k X).
Hypothesis inverse : mul k (mul p (transpose A) A) X = one k.
Let W := mul k X (transpose A).
Let Pi := mul k A W.

Lemma symmetric : transpose X = X.
Proof. assert (E := f_equal transpose inverse).
rewrite transpose_mul, transpose_mul, one_symmetric in E.
change (transpose (transpose A)) with A in E.
rewrite <- (one_right k k (transpose X)) by (intros i j C; apply SX; tauto).
rewrite <- inverse, <- mul_assoc, E. apply one_left with k. exact SX. Qed.
Lemma ends : mul p W A = one k.
Proof. unfold W. rewrite mul_assoc. assert (E := f_equal transpose inverse).
rewrite transpose_mul, transpose_mul, one_symmetric, symmetric in E. exact E. Qed.
Lemma transpose_W : transpose W = mul k A X.
Proof. unfold W. rewrite transpose_mul, symmetric. reflexivity. Qed.
Lemma norm_W : norm2 k p W = trace k X.
Proof. change (norm2 k p W) with (trace k (mul p W (transpose W))).
rewrite transpose_W, <- mul_assoc, ends, (one_left k k X SX). reflexivity. Qed.
Lemma Pi_keeps : mul p Pi A = A.
Proof. unfold Pi. rewrite mul_assoc, ends. apply one_right with p. exact SA. Qed.
Lemma norm_Pi : norm2 p p Pi = INR k.
Proof. change (norm2 p p Pi) with (trace p (mul p Pi (transpose Pi))).
assert (T : transpose Pi = Pi).
{ unfold Pi at 1. rewrite transpose_mul, transpose_W, mul_assoc. reflexivity. }
rewrite T. unfold Pi at 2. rewrite <- mul_assoc, Pi_keeps, trace_mul, ends. apply trace_one. Qed.
End Ending.

(* Layers behind H as (rows, weights); the last weights are read without the activation. *)
Fixpoint hidden (p : nat) (A : matrix) (ws : list (nat * matrix)) : nat * matrix :=
  match ws with [] => (p, A) | (q, W) :: rest => hidden q (relu (mul p W A)) rest end.
Fixpoint power (p : nat) (ws : list (nat * matrix)) : R :=
  match ws with [] => 1 | (q, W) :: rest => norm2 q p W * power q rest end.

Lemma hidden_app : forall ws us p A,
  hidden p A (ws ++ us) = hidden (fst (hidden p A ws)) (snd (hidden p A ws)) us.
Proof. induction ws as [| [q W] rest IH]; intros; simpl; [reflexivity | apply IH]. Qed.
Lemma power_app : forall ws us p A,
  power p (ws ++ us) = power p ws * power (fst (hidden p A ws)) us.
Proof. induction ws as [| [q W] rest IH]; intros us p A; simpl; [ring |].
rewrite (IH us q (relu (mul p W A))). ring. Qed.
Lemma hidden_nonnegative : forall ws p A, ws <> [] -> forall i j, 0 <= snd (hidden p A ws) i j.
Proof. induction ws as [| [q W] rest IH]; intros p A N i j; [congruence |].
destruct rest; [apply Rmax_r |]. apply IH. discriminate. Qed.
Lemma repeated : forall p A W d, relu (mul p W A) = A ->
  hidden p A (repeat (p, W) d) = (p, A) /\ power p (repeat (p, W) d) = norm2 p p W ^ d.
Proof. intros p A W d H. induction d as [| d [IH1 IH2]]; simpl; [tauto |].
rewrite H, IH1, IH2. tauto. Qed.

Theorem chain_sound : forall k p0 H ws p A X, (0 < k)%nat -> ws <> [] ->
  hidden p0 H ws = (p, A) -> shape p k A -> shape k k X ->
  mul k (mul p (transpose A) A) X = one k ->
  norm2 p0 k H * power p0 ws * trace k X < INR k ^ (length ws + 2) ->
  forall L, (length ws + 1 <= L)%nat -> exists us W,
    length us = (L - 1)%nat /\ hidden p0 H us = (p, A) /\ mul p W A = one k /\
    norm2 p0 k H * power p0 us * norm2 k p W < INR k ^ (L + 1).
Proof. intros k p0 H ws p A X Hk N E SA SX I B L HL.
set (W := mul k X (transpose A)). set (d := (L - 1 - length ws)%nat).
assert (R : relu (mul p (mul k A W) A) = A).
{ unfold W. rewrite (Pi_keeps p k A X SA SX I). entry i j.
  apply Rmax_left. replace A with (snd (hidden p0 H ws)) by (rewrite E; reflexivity).
  apply hidden_nonnegative. exact N. }
destruct (repeated p A (mul k A W) d R) as [R1 R2].
exists (ws ++ repeat (p, mul k A W) d), W. repeat split.
- rewrite app_length, repeat_length. unfold d. lia.
- rewrite hidden_app, E. exact R1.
- apply ends; assumption.
- rewrite (power_app ws _ p0 H), E. simpl fst. rewrite R2. unfold W at 1 2.
  rewrite norm_Pi, norm_W by assumption.
  replace (L + 1)%nat with (length ws + 2 + d)%nat by (unfold d; lia). rewrite pow_add.
  replace (norm2 p0 k H * (power p0 ws * INR k ^ d) * trace k X)
    with (norm2 p0 k H * power p0 ws * trace k X * INR k ^ d) by ring.
  apply Rmult_lt_compat_r; [| exact B]. apply pow_lt, lt_0_INR. exact Hk. Qed.
Print Assumptions cell_sound.
Print Assumptions root_sound.
Print Assumptions threshold_sound.
Print Assumptions positive_sound.
Print Assumptions partial_fit_sound.
Print Assumptions enclosed_sound.
Print Assumptions chain_sound.
