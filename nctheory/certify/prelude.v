(* Real numbers, powers of natural exponent; no axioms but those of Coq's real numbers. *)
From Coq Require Import Reals ZArith Lia Lra Psatz Bool List.
Open Scope R_scope.

(* 0 < e or 0 <= e for a sum of products of nonnegative numbers *)
Ltac pos := repeat first [ apply Rplus_lt_le_0_compat | apply Rplus_le_le_0_compat
  | apply Rmult_le_pos | apply pow_le | assumption | lra ].
Ltac expand_to e := match goal with |- 0 < ?x => replace x with e by ring
                                 | |- 0 <= ?x => replace x with e by ring end; pos.

(* One square root, isolated and squared. *)
Lemma root_below : forall m n a b d, 0 <= m -> 0 <= b -> 0 <= d -> 0 < n - m * a ->
  0 < (n - m * a)^2 - m^2 * b^2 * d -> m * (a + b * sqrt d) < n.
Proof. intros m n a b d Hm Hb Hd Hg Hs.
assert (H := sqrt_sqrt d Hd). assert (0 <= sqrt d) by apply sqrt_pos.
apply Rnot_le_lt. intro C. assert (n - m * a <= m * b * sqrt d) by lra.
assert ((n - m * a) * (n - m * a) <= (m * b * sqrt d) * (m * b * sqrt d)) by
  (apply Rmult_le_compat; lra).
replace ((m * b * sqrt d) * (m * b * sqrt d)) with (m^2 * b^2 * (sqrt d * sqrt d)) in * by ring.
rewrite H in *. nra. Qed.

Lemma root_above : forall m n a b d, 0 <= m -> 0 <= b -> 0 <= d ->
  0 < m^2 * b^2 * d - (n - m * a)^2 -> n < m * (a + b * sqrt d).
Proof. intros m n a b d Hm Hb Hd Hs.
assert (H := sqrt_sqrt d Hd). assert (0 <= sqrt d) by apply sqrt_pos.
apply Rnot_le_lt. intro C. assert (0 <= m * b * sqrt d) by
  (apply Rmult_le_pos; [apply Rmult_le_pos; assumption | assumption]).
assert (m * b * sqrt d <= n - m * a) by lra.
assert ((m * b * sqrt d) * (m * b * sqrt d) <= (n - m * a) * (n - m * a)) by
  (apply Rmult_le_compat; lra).
replace ((m * b * sqrt d) * (m * b * sqrt d)) with (m^2 * b^2 * (sqrt d * sqrt d)) in * by ring.
rewrite H in *. nra. Qed.

(* --- The triangular family --- *)
(* K classes; the entries of G_s / C(r,s); its eigenvalues through those of the triangular graph,
   2(r-2) [1], r-4 [r-1], -2 [K-r]; T = C(r,s) tr(G_s^-1); P, the representation cost. *)
Definition K r := r * (r - 1) / 2.
Definition same r s := s * (s - 1) / (r * (r - 1)).
Definition touch r s := same r s * ((s - 2) / (r - 2)).
Definition far r s := touch r s * ((s - 3) / (r - 3)).
Definition eigenvalue r s meet apart := same r s + touch r s * meet + far r s * apart.
Definition T r s :=
  1 / eigenvalue r s (2 * (r - 2)) (K r - 1 - 2 * (r - 2))
  + (r - 1) / eigenvalue r s (r - 4) (- 1 - (r - 4))
  + (K r - r) / eigenvalue r s (- 2) (- 1 + 2).
Definition P r s (L : nat) :=
  (sqrt (2 * (r - 1)) + (r - 1) * sqrt (r - 2))^2 * r^(L - 3) * (r / 4 * T r s).
Definition P_DNC r (L : nat) := (K r)^(L + 1).

Definition num r s := 4 * (r - s) * (r - s - 1) + 2 * s * (r - 1) * (r - 2) * (r - s - 1)
  + s * (s - 1) * r * (r - 2) * (r - 3)^2.
Definition den r s := 2 * (s * (s - 1))^2 * (r - s) * (r - s - 1).

Lemma T_closed : forall r s, 2 <= s -> s + 2 <= r -> T r s = r * (r - 1) * num r s / den r s.
Proof. intros r s Hs Hr.
assert (E1 : eigenvalue r s (2 * (r - 2)) (K r - 1 - 2 * (r - 2))
  = (s * (s - 1))^2 / (2 * (r * (r - 1)))) by
  (unfold eigenvalue, far, touch, same, K; field; repeat split; lra).
assert (E2 : eigenvalue r s (r - 4) (- 1 - (r - 4))
  = s * (s - 1)^2 * (r - s) / (r * (r - 1) * (r - 2))) by
  (unfold eigenvalue, far, touch, same; field; repeat split; lra).
assert (E3 : eigenvalue r s (- 2) (- 1 + 2)
  = s * (s - 1) * (r - s) * (r - s - 1) / (r * (r - 1) * (r - 2) * (r - 3))) by
  (unfold eigenvalue, far, touch, same; field; repeat split; lra).
unfold T. rewrite E1, E2, E3. unfold K, num, den. field. repeat split; lra. Qed.

Lemma num_pos : forall r s, 2 <= s -> s + 2 <= r -> 0 < num r s.
Proof. intros r s Hs Hr. unfold num.
assert (0 < 4 * (r - s) * (r - s - 1)) by (apply Rmult_lt_0_compat; lra).
assert (0 <= 2 * s * (r - 1) * (r - 2) * (r - s - 1)) by
  (repeat apply Rmult_le_pos; lra).
assert (0 <= s * (s - 1) * r * (r - 2) * (r - 3)^2) by
  (repeat apply Rmult_le_pos; try lra).
lra. Qed.
Lemma den_pos : forall r s, 2 <= s -> s + 2 <= r -> 0 < den r s.
Proof. intros r s Hs Hr. unfold den.
assert (0 < s * (s - 1)) by (apply Rmult_lt_0_compat; lra).
repeat apply Rmult_lt_0_compat; try lra. Qed.
Lemma T_pos : forall r s, 2 <= s -> s + 2 <= r -> 0 < T r s.
Proof. intros r s Hs Hr. rewrite T_closed by assumption.
assert (H := num_pos r s Hs Hr). assert (H' := den_pos r s Hs Hr).
apply Rdiv_lt_0_compat; [|assumption].
apply Rmult_lt_0_compat; [|assumption]. apply Rmult_lt_0_compat; lra. Qed.

Lemma norm_squared : forall r, 2 <= r -> (sqrt (2 * (r - 1)) + (r - 1) * sqrt (r - 2))^2
  = (r - 1) * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))).
Proof. intros r Hr. rewrite (sqrt_mult (2 * (r - 1))) by lra.
assert (H1 := sqrt_sqrt (2 * (r - 1)) ltac:(lra)).
assert (H2 := sqrt_sqrt (r - 2) ltac:(lra)).
set (p := sqrt (2 * (r - 1))) in *. set (q := sqrt (r - 2)) in *.
replace ((p + (r - 1) * q)^2) with (p * p + (r - 1)^2 * (q * q) + 2 * (r - 1) * (p * q)) by ring.
rewrite H1, H2. ring. Qed.

Definition factor r s (L : nat) := (r - 1) * r^(L - 3) * (r / 4 * T r s).
Lemma P_factor : forall r s L, 2 <= s -> s + 2 <= r ->
  P r s L = factor r s L * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))).
Proof. intros. unfold P, factor. rewrite norm_squared by lra. ring. Qed.
Lemma factor_pos : forall r s L, 2 <= s -> s + 2 <= r -> 0 < factor r s L.
Proof. intros r s L Hs Hr. unfold factor. assert (H := T_pos r s Hs Hr).
assert (0 < r^(L - 3)) by (apply pow_lt; lra).
repeat apply Rmult_lt_0_compat; lra. Qed.

(* n / m is P_DNC / factor. *)
Lemma below : forall r s L n m, 2 <= s -> s + 2 <= r -> 0 < m ->
  P_DNC r L * m = factor r s L * n ->
  0 < n - m * (r^2 - 3 * r + 4) ->
  0 < (n - m * (r^2 - 3 * r + 4))^2 - m^2 * 2^2 * (2 * (r - 1) * (r - 2)) ->
  P r s L < P_DNC r L.
Proof. intros r s L n m Hs Hr Hm E Hg Hq. rewrite P_factor by assumption.
assert (Hd : 0 <= 2 * (r - 1) * (r - 2)) by (apply Rmult_le_pos; lra).
assert (H := root_below m n (r^2 - 3 * r + 4) 2 _ ltac:(lra) ltac:(lra) Hd Hg Hq).
apply Rmult_lt_reg_r with m. assumption. rewrite E.
assert (Hf := factor_pos r s L Hs Hr).
replace (factor r s L * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))) * m) with
  (factor r s L * (m * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))))) by ring.
apply Rmult_lt_compat_l; assumption. Qed.
Lemma above : forall r s L n m, 2 <= s -> s + 2 <= r -> 0 < m ->
  P_DNC r L * m = factor r s L * n ->
  0 < m^2 * 2^2 * (2 * (r - 1) * (r - 2)) - (n - m * (r^2 - 3 * r + 4))^2 ->
  P_DNC r L < P r s L.
Proof. intros r s L n m Hs Hr Hm E Hq. rewrite P_factor by assumption.
assert (Hd : 0 <= 2 * (r - 1) * (r - 2)) by (apply Rmult_le_pos; lra).
assert (H := root_above m n (r^2 - 3 * r + 4) 2 _ ltac:(lra) ltac:(lra) Hd Hq).
apply Rmult_lt_reg_r with m. assumption. rewrite E.
assert (Hf := factor_pos r s L Hs Hr).
replace (factor r s L * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))) * m) with
  (factor r s L * (m * (r^2 - 3 * r + 4 + 2 * sqrt (2 * (r - 1) * (r - 2))))) by ring.
apply Rmult_lt_compat_l; assumption. Qed.

(* A layer more. *)
Lemma P_pos : forall r s L, 2 <= s -> s + 2 <= r -> 0 < P r s L.
Proof. intros. rewrite P_factor by assumption. apply Rmult_lt_0_compat.
apply factor_pos; assumption. assert (H1 := sqrt_pos (2 * (r - 1) * (r - 2))). nra. Qed.
Lemma layer : forall r s (L : nat), 2 <= s -> s + 2 <= r -> (3 <= L)%nat ->
  P r s L < P_DNC r L -> P r s (S L) < P_DNC r (S L).
Proof. intros r s L Hs Hr HL H. assert (Hp := P_pos r s L Hs Hr).
assert (E1 : P r s (S L) = r * P r s L).
{ unfold P. replace (S L - 3)%nat with (S (L - 3)) by lia. rewrite <- (tech_pow_Rmult r (L - 3)). ring. }
assert (E2 : P_DNC r (S L) = K r * P_DNC r L).
{ unfold P_DNC. replace (S L + 1)%nat with (S (L + 1)) by lia. rewrite <- tech_pow_Rmult.
  reflexivity. }
rewrite E1, E2. apply Rmult_le_0_lt_compat; try assumption; try lra. unfold K. nra. Qed.

(* a g^j < b h^j from a < b, g <= h, and the other way round. *)
Lemma growth : forall a b g h (j : nat), 0 < a -> a < b -> 0 < g -> g <= h ->
  a * g^j < b * h^j.
Proof. intros a b g h j Ha Hb Hg Hh. assert (g^j <= h^j) by (apply pow_incr; lra).
assert (0 < g^j) by (apply pow_lt; lra). nra. Qed.

(* --- Two layers: M_2 = V_s B, V_s^T V_s = C(r,s)/4 ((1-e) I + e J) --- *)
Definition e r s := ((2 * s - r)^2 - r) / (r * (r - 1)).
Definition P2 r s := (sqrt ((1 + (r - 1) * e r s) * (2 * (r - 1)))
  + (r - 1) * sqrt ((1 - e r s) * (r - 2)))^2 * (T r s / 4).
Definition a2 r s := 2 * (2 * s - r)^2 + (r^2 - (2 * s - r)^2) * (r - 2).
Definition d2 r s := 2 * (2 * s - r)^2 * (r^2 - (2 * s - r)^2) * (r - 2).
Definition factor2 r s := (r - 1) / (4 * r) * T r s.

Lemma skew : forall r s, 2 <= s -> s + 2 <= r -> 0 <= (2 * s - r)^2 /\ 0 <= r^2 - (2 * s - r)^2.
Proof. intros. split. apply pow2_ge_0.
replace (r^2 - (2 * s - r)^2) with (4 * s * (r - s)) by ring. repeat apply Rmult_le_pos; lra. Qed.
Lemma d2_nonneg : forall r s, 2 <= s -> s + 2 <= r -> 0 <= d2 r s.
Proof. intros r s Hs Hr. destruct (skew r s Hs Hr). unfold d2.
apply Rmult_le_pos; [apply Rmult_le_pos; [apply Rmult_le_pos; [lra | assumption] | assumption]
 | lra]. Qed.
Lemma P2_factor : forall r s, 2 <= s -> s + 2 <= r ->
  P2 r s = factor2 r s * (a2 r s + 2 * sqrt (d2 r s)).
Proof. intros r s Hs Hr. destruct (skew r s Hs Hr) as [H1 H2].
assert (Hd := d2_nonneg r s Hs Hr). unfold P2, factor2.
assert (E1 : (1 + (r - 1) * e r s) * (2 * (r - 1)) = (2 * s - r)^2 * (2 * (r - 1) / r)) by
  (unfold e; field; repeat split; lra).
assert (E2 : (1 - e r s) * (r - 2) = (r^2 - (2 * s - r)^2) * ((r - 2) / (r * (r - 1)))) by
  (unfold e; field; repeat split; lra).
assert (I : 0 < / r) by (apply Rinv_0_lt_compat; lra).
assert (X : 0 <= (2 * s - r)^2 * (2 * (r - 1) / r)).
{ apply Rmult_le_pos. assumption. unfold Rdiv. apply Rmult_le_pos; lra. }
assert (Y : 0 <= (r^2 - (2 * s - r)^2) * ((r - 2) / (r * (r - 1)))).
{ apply Rmult_le_pos. assumption. unfold Rdiv. apply Rmult_le_pos. lra. left.
  apply Rinv_0_lt_compat. apply Rmult_lt_0_compat; lra. }
rewrite E1, E2.
assert (S : sqrt ((2 * s - r)^2 * (2 * (r - 1) / r))
  * sqrt ((r^2 - (2 * s - r)^2) * ((r - 2) / (r * (r - 1)))) = sqrt (d2 r s) * / r).
{ rewrite <- sqrt_mult by assumption. rewrite <- (sqrt_square (/ r)) by lra.
  rewrite <- sqrt_mult. 2: assumption. 2: apply Rmult_le_pos; lra. f_equal. unfold d2. field. repeat split; lra. }
assert (Q1 := sqrt_sqrt _ X). assert (Q2 := sqrt_sqrt _ Y).
set (p := sqrt ((2 * s - r)^2 * (2 * (r - 1) / r))) in *.
set (q := sqrt ((r^2 - (2 * s - r)^2) * ((r - 2) / (r * (r - 1))))) in *.
replace ((p + (r - 1) * q)^2) with (p * p + (r - 1)^2 * (q * q) + 2 * (r - 1) * (p * q)) by ring.
rewrite Q1, Q2, S. unfold a2. field. repeat split; lra. Qed.
Lemma factor2_pos : forall r s, 2 <= s -> s + 2 <= r -> 0 < factor2 r s.
Proof. intros r s Hs Hr. unfold factor2. assert (H := T_pos r s Hs Hr).
apply Rmult_lt_0_compat; [|assumption]. apply Rdiv_lt_0_compat; lra. Qed.
Lemma below2 : forall r s n m, 2 <= s -> s + 2 <= r -> 0 < m ->
  P_DNC r 2 * m = factor2 r s * n -> 0 < n - m * a2 r s ->
  0 < (n - m * a2 r s)^2 - m^2 * 2^2 * d2 r s -> P2 r s < P_DNC r 2.
Proof. intros r s n m Hs Hr Hm E Hg Hq. rewrite P2_factor by assumption.
assert (H := root_below m n _ 2 _ ltac:(lra) ltac:(lra) (d2_nonneg r s Hs Hr) Hg Hq).
apply Rmult_lt_reg_r with m. assumption. rewrite E.
rewrite Rmult_assoc. rewrite (Rmult_comm _ m).
apply Rmult_lt_compat_l. apply factor2_pos; assumption. assumption. Qed.
Lemma above2 : forall r s n m, 2 <= s -> s + 2 <= r -> 0 < m ->
  P_DNC r 2 * m = factor2 r s * n ->
  0 < m^2 * 2^2 * d2 r s - (n - m * a2 r s)^2 -> P_DNC r 2 < P2 r s.
Proof. intros r s n m Hs Hr Hm E Hq. rewrite P2_factor by assumption.
assert (H := root_above m n _ 2 _ ltac:(lra) ltac:(lra) (d2_nonneg r s Hs Hr) Hq).
apply Rmult_lt_reg_r with m. assumption. rewrite E.
rewrite Rmult_assoc. rewrite (Rmult_comm _ m).
apply Rmult_lt_compat_l. apply factor2_pos; assumption. assumption. Qed.
Lemma above2_gap : forall r s n m, 2 <= s -> s + 2 <= r -> 0 < m ->
  P_DNC r 2 * m = factor2 r s * n -> 0 < m * a2 r s - n -> P_DNC r 2 < P2 r s.
Proof. intros r s n m Hs Hr Hm E Hg. rewrite P2_factor by assumption.
assert (Q := sqrt_pos (d2 r s)). assert (0 <= m * sqrt (d2 r s)) by (apply Rmult_le_pos; lra).
apply Rmult_lt_reg_r with m. assumption. rewrite E.
rewrite Rmult_assoc. rewrite (Rmult_comm _ m).
apply Rmult_lt_compat_l. apply factor2_pos; assumption. lra. Qed.
