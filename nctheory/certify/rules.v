(* The checkers' rules in integers are sound: what a rule accepts is true of the real numbers.
   Stands alone; no axioms but those of Coq's real numbers. *)
From Coq Require Import Reals ZArith Lia Lra Psatz List.
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

Print Assumptions cell_sound.
Print Assumptions root_sound.
Print Assumptions threshold_sound.
Print Assumptions positive_sound.
Print Assumptions partial_fit_sound.
Print Assumptions enclosed_sound.
