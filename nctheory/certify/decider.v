(* --- A decider in integers, and its soundness --- *)
Definition Znum (r s : Z) : Z := (4 * (r - s) * (r - s - 1) + 2 * s * (r - 1) * (r - 2) * (r - s - 1)
  + s * (s - 1) * r * (r - 2) * (r - 3)^2)%Z.
Definition Zden (r s : Z) : Z := (2 * (s * (s - 1))^2 * (r - s) * (r - s - 1))%Z.
(* P = m (a + 2 sqrt(d)) and P_DNC = n, both times 2^(L+1) 4 den / (r (r-1)) *)
Definition Zm (r s : Z) (L : nat) : Z :=
  (2^Z.of_nat (L + 1) * (r - 1) * r^Z.of_nat (L - 3) * r * Znum r s)%Z.
Definition Zn (r s : Z) (L : nat) : Z := (4 * Zden r s * (r * (r - 1))^Z.of_nat L)%Z.
Definition gap (r s : Z) (L : nat) : Z := (Zn r s L - Zm r s L * (r^2 - 3 * r + 4))%Z.
Definition square (r s : Z) (L : nat) : Z :=
  (gap r s L ^ 2 - Zm r s L ^ 2 * 2^2 * (2 * (r - 1) * (r - 2)))%Z.
Definition inside (r s : Z) : bool := ((2 <=? s) && (s + 2 <=? r))%Z.
Definition decide_below (r s : Z) (L : nat) : bool :=
  (inside r s && (0 <? gap r s L) && (0 <? square r s L))%Z.
Definition decide_above (r s : Z) (L : nat) : bool :=
  (inside r s && (square r s L <? 0))%Z.

Ltac to_R := repeat rewrite ?plus_IZR, ?minus_IZR, ?mult_IZR, <- ?pow_IZR.
Lemma num_IZR : forall r s, IZR (Znum r s) = num (IZR r) (IZR s).
Proof. intros. unfold Znum, num. replace ((r - 3)^2)%Z with ((r - 3) * (r - 3))%Z by ring.
to_R. ring. Qed.
Lemma den_IZR : forall r s, IZR (Zden r s) = den (IZR r) (IZR s).
Proof. intros. unfold Zden, den.
replace ((s * (s - 1))^2)%Z with ((s * (s - 1)) * (s * (s - 1)))%Z by ring. to_R. ring. Qed.
Lemma inside_R : forall r s, inside r s = true -> 2 <= IZR s /\ IZR s + 2 <= IZR r.
Proof. intros r s H. unfold inside in H. apply andb_true_iff in H as [H1 H2].
apply Z.leb_le in H1, H2. apply IZR_le in H1, H2. rewrite plus_IZR in H2. lra. Qed.
Lemma gap_IZR : forall r s L, IZR (gap r s L)
  = IZR (Zn r s L) - IZR (Zm r s L) * (IZR r ^ 2 - 3 * IZR r + 4).
Proof. intros. unfold gap. replace (r^2)%Z with (r * r)%Z by ring. to_R. ring. Qed.
Lemma square_IZR : forall r s L, IZR (square r s L)
  = (IZR (Zn r s L) - IZR (Zm r s L) * (IZR r ^ 2 - 3 * IZR r + 4))^2
    - IZR (Zm r s L) ^ 2 * 2^2 * (2 * (IZR r - 1) * (IZR r - 2)).
Proof. intros. unfold square. rewrite <- gap_IZR.
replace (gap r s L ^ 2)%Z with (gap r s L * gap r s L)%Z by ring.
replace (Zm r s L ^ 2)%Z with (Zm r s L * Zm r s L)%Z by ring.
replace (2 ^ 2)%Z with 4%Z by ring. to_R. ring. Qed.
Lemma m_pos : forall r s L, 2 <= IZR s -> IZR s + 2 <= IZR r -> 0 < IZR (Zm r s L).
Proof. intros r s L Hs Hr. unfold Zm. to_R. rewrite num_IZR.
assert (H := num_pos _ _ Hs Hr). assert (0 < IZR 2 ^ (L + 1)) by (apply pow_lt; lra).
assert (0 < IZR r ^ (L - 3)) by (apply pow_lt; lra).
repeat apply Rmult_lt_0_compat; try assumption; lra. Qed.
Lemma equation : forall r s L, (3 <= L)%nat -> 2 <= IZR s -> IZR s + 2 <= IZR r ->
  P_DNC (IZR r) L * IZR (Zm r s L) = factor (IZR r) (IZR s) L * IZR (Zn r s L).
Proof. intros r s L HL Hs Hr. unfold P_DNC, factor. rewrite T_closed by assumption.
assert (Hd := den_pos _ _ Hs Hr). unfold Zm, Zn. to_R. rewrite num_IZR, den_IZR.
unfold K. set (x := IZR r) in *. set (y := IZR s) in *. unfold Rdiv.
replace (x * (x - 1) * / 2) with ((/ 2) * (x * (x - 1))) by ring.
rewrite (Rpow_mult_distr (/ 2)). rewrite pow_inv.
replace ((x * (x - 1))^(L + 1)) with ((x * (x - 1))^L * (x * (x - 1))) by
  (rewrite pow_add; ring).
field. split; [lra|]. apply pow_nonzero. lra. Qed.

(* For all integers r, s and all L >= 3: what the decider says is true of the real numbers. *)
Theorem decide_below_sound : forall r s L, (3 <= L)%nat -> decide_below r s L = true ->
  P (IZR r) (IZR s) L < P_DNC (IZR r) L.
Proof. intros r s L HL H. unfold decide_below in H.
apply andb_true_iff in H as [H H2]. apply andb_true_iff in H as [H0 H1].
apply inside_R in H0 as [Hs Hr]. apply Z.ltb_lt, IZR_lt in H1, H2.
rewrite gap_IZR in H1. rewrite square_IZR in H2.
apply below with (n := IZR (Zn r s L)) (m := IZR (Zm r s L)); try assumption.
apply m_pos; assumption. apply equation; assumption. Qed.
Theorem decide_above_sound : forall r s L, (3 <= L)%nat -> decide_above r s L = true ->
  P_DNC (IZR r) L < P (IZR r) (IZR s) L.
Proof. intros r s L HL H. unfold decide_above in H. apply andb_true_iff in H as [H0 H2].
apply inside_R in H0 as [Hs Hr]. apply Z.ltb_lt, IZR_lt in H2. rewrite square_IZR in H2.
apply above with (n := IZR (Zn r s L)) (m := IZR (Zm r s L)); try assumption.
apply m_pos; assumption. apply equation; assumption. lra. Qed.

(* The same for two layers, with ties where the square root vanishes. *)
Definition Zm2 (r s : Z) : Z := (2 * (r - 1) * (r - 1) * Znum r s)%Z.
Definition Zn2 (r s : Z) : Z := (Zden r s * (r * (r - 1)) * (r * (r - 1)) * (r * (r - 1)))%Z.
Definition Zk (r s : Z) : Z := ((2 * s - r) * (2 * s - r))%Z.
Definition Za2 (r s : Z) : Z := (2 * Zk r s + (r * r - Zk r s) * (r - 2))%Z.
Definition Zd2 (r s : Z) : Z := (2 * Zk r s * (r * r - Zk r s) * (r - 2))%Z.
Definition gap2 (r s : Z) : Z := (Zn2 r s - Zm2 r s * Za2 r s)%Z.
Definition square2 (r s : Z) : Z :=
  (gap2 r s * gap2 r s - Zm2 r s * Zm2 r s * 4 * Zd2 r s)%Z.
Definition decide2_below (r s : Z) : bool :=
  (inside r s && (0 <? gap2 r s) && (0 <? square2 r s))%Z.
Definition decide2_above (r s : Z) : bool := (inside r s && (square2 r s <? 0))%Z.
Definition decide2_above_too (r s : Z) : bool := (inside r s && (gap2 r s <? 0))%Z.
Definition decide2_equal (r s : Z) : bool :=
  (inside r s && (gap2 r s =? 0) && (Zd2 r s =? 0))%Z.

Lemma a2_IZR : forall r s, IZR (Za2 r s) = a2 (IZR r) (IZR s).
Proof. intros. unfold Za2, Zk, a2. to_R. ring. Qed.
Lemma d2_IZR : forall r s, IZR (Zd2 r s) = d2 (IZR r) (IZR s).
Proof. intros. unfold Zd2, Zk, d2. to_R. ring. Qed.
Lemma m2_pos : forall r s, 2 <= IZR s -> IZR s + 2 <= IZR r -> 0 < IZR (Zm2 r s).
Proof. intros r s Hs Hr. unfold Zm2. to_R. rewrite num_IZR.
assert (H := num_pos _ _ Hs Hr). repeat apply Rmult_lt_0_compat; try assumption; lra. Qed.
Lemma equation2 : forall r s, 2 <= IZR s -> IZR s + 2 <= IZR r ->
  P_DNC (IZR r) 2 * IZR (Zm2 r s) = factor2 (IZR r) (IZR s) * IZR (Zn2 r s).
Proof. intros r s Hs Hr. unfold P_DNC, factor2. rewrite T_closed by assumption.
assert (Hd := den_pos _ _ Hs Hr). unfold Zm2, Zn2. to_R. rewrite num_IZR, den_IZR.
unfold K. simpl Nat.add. field. split; lra. Qed.
Lemma gap2_IZR : forall r s,
  IZR (gap2 r s) = IZR (Zn2 r s) - IZR (Zm2 r s) * a2 (IZR r) (IZR s).
Proof. intros. unfold gap2. to_R. rewrite a2_IZR. reflexivity. Qed.
Lemma square2_IZR : forall r s, IZR (square2 r s)
  = (IZR (Zn2 r s) - IZR (Zm2 r s) * a2 (IZR r) (IZR s))^2
    - IZR (Zm2 r s)^2 * 2^2 * d2 (IZR r) (IZR s).
Proof. intros. unfold square2. to_R. rewrite gap2_IZR, d2_IZR. ring. Qed.

Theorem decide2_below_sound : forall r s, decide2_below r s = true ->
  P2 (IZR r) (IZR s) < P_DNC (IZR r) 2.
Proof. intros r s H. unfold decide2_below in H.
apply andb_true_iff in H as [H H2]. apply andb_true_iff in H as [H0 H1].
apply inside_R in H0 as [Hs Hr]. apply Z.ltb_lt, IZR_lt in H1, H2.
rewrite gap2_IZR in H1. rewrite square2_IZR in H2.
apply below2 with (n := IZR (Zn2 r s)) (m := IZR (Zm2 r s)); try assumption.
apply m2_pos; assumption. apply equation2; assumption. Qed.
Theorem decide2_above_sound : forall r s, decide2_above r s = true ->
  P_DNC (IZR r) 2 < P2 (IZR r) (IZR s).
Proof. intros r s H. unfold decide2_above in H. apply andb_true_iff in H as [H0 H2].
apply inside_R in H0 as [Hs Hr]. apply Z.ltb_lt, IZR_lt in H2. rewrite square2_IZR in H2.
apply above2 with (n := IZR (Zn2 r s)) (m := IZR (Zm2 r s)); try assumption.
apply m2_pos; assumption. apply equation2; assumption. lra. Qed.
Lemma multiple2 : forall r s, 2 <= IZR s -> IZR s + 2 <= IZR r ->
  (P2 (IZR r) (IZR s) - P_DNC (IZR r) 2) * IZR (Zm2 r s)
  = factor2 (IZR r) (IZR s)
    * (2 * IZR (Zm2 r s) * sqrt (d2 (IZR r) (IZR s)) - IZR (gap2 r s)).
Proof. intros r s Hs Hr. assert (E := equation2 r s Hs Hr). rewrite gap2_IZR.
rewrite P2_factor by assumption.
replace ((factor2 (IZR r) (IZR s) * (a2 (IZR r) (IZR s) + 2 * sqrt (d2 (IZR r) (IZR s)))
  - P_DNC (IZR r) 2) * IZR (Zm2 r s)) with (factor2 (IZR r) (IZR s)
  * (a2 (IZR r) (IZR s) + 2 * sqrt (d2 (IZR r) (IZR s))) * IZR (Zm2 r s)
  - P_DNC (IZR r) 2 * IZR (Zm2 r s)) by ring. rewrite E. ring. Qed.
Theorem decide2_above_too_sound : forall r s, decide2_above_too r s = true ->
  P_DNC (IZR r) 2 < P2 (IZR r) (IZR s).
Proof. intros r s H. unfold decide2_above_too in H. apply andb_true_iff in H as [H0 H1].
apply inside_R in H0 as [Hs Hr]. apply Z.ltb_lt, IZR_lt in H1.
assert (M := multiple2 r s Hs Hr). assert (Hm := m2_pos r s Hs Hr).
assert (F := factor2_pos _ _ Hs Hr). assert (Q := sqrt_pos (d2 (IZR r) (IZR s))).
assert (0 <= 2 * IZR (Zm2 r s) * sqrt (d2 (IZR r) (IZR s))) by
  (apply Rmult_le_pos; lra).
assert (0 < factor2 (IZR r) (IZR s)
  * (2 * IZR (Zm2 r s) * sqrt (d2 (IZR r) (IZR s)) - IZR (gap2 r s))) by
  (apply Rmult_lt_0_compat; lra).
apply Rnot_le_lt. intro C.
assert ((P2 (IZR r) (IZR s) - P_DNC (IZR r) 2) * IZR (Zm2 r s) <= 0 * IZR (Zm2 r s)) by
  (apply Rmult_le_compat_r; lra). lra. Qed.
Theorem decide2_equal_sound : forall r s, decide2_equal r s = true ->
  P2 (IZR r) (IZR s) = P_DNC (IZR r) 2.
Proof. intros r s H. unfold decide2_equal in H.
apply andb_true_iff in H as [H H2]. apply andb_true_iff in H as [H0 H1].
apply inside_R in H0 as [Hs Hr]. apply Z.eqb_eq in H1, H2.
assert (M := multiple2 r s Hs Hr). assert (Hm := m2_pos r s Hs Hr).
rewrite H1 in M. rewrite <- d2_IZR, H2, sqrt_0 in M.
replace (factor2 (IZR r) (IZR s) * (2 * IZR (Zm2 r s) * 0 - 0)) with 0 in M by ring.
apply Rmult_integral in M as [M | M]; lra. Qed.
