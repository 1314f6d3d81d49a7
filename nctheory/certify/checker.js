// Verify a certificate file: a second checker, written from SPECIFICATION.md alone.
//
//     node checker.js [--budget N] FILE      prints a line a claim; exit status as checker.py
//
// In a browser, `nctheoryChecker.checkText(text)` yields the results one by one.  No dependencies.
// Where the specification leaves the way open, it is another than the first checker's: Gram
// matrices from binomial coefficients, inverses' traces from characteristic polynomials,
// logarithms by square roots and Taylor's series, the family's cost from its closed form.
"use strict";

(function () {
  const FORMAT = "nctheory certificates 1";
  const LIMIT = {
    classes: 10n ** 6n, layers: 1000n, digits: 4000, power: 1 << 16, expression: 20000, name: 40,
    nesting: 30, exponent: 64, certificate: 1 << 24, file: 2 ** 29, json: 900, samples: 10n ** 12n,
  };
  const BUDGET = 1e9, BUDGET_PER_CHARACTER = 200;

  class Refused extends Error {}
  class NotACertificateFile extends Error {}

  function demand(condition, reason) {
    if (!condition) throw new Refused(reason);
  }

  // --- integers ---

  const bits = (x) => (x === 0n ? 0 : (x < 0n ? -x : x).toString(16).length * 4);
  const size = (...numbers) => 1 + Math.max(...numbers.map(bits)) / 64;
  const min = (x, y) => (x < y ? x : y);
  const magnitude = (x) => (x < 0n ? -x : x);
  const floorDivide = (x, y) => (x % y !== 0n && (x < 0n) !== (y < 0n) ? x / y - 1n : x / y);
  const ceilDivide = (x, y) => -floorDivide(-x, y);

  function gcd(x, y) {
    [x, y] = [magnitude(x), magnitude(y)];
    while (y) [x, y] = [y, x % y];
    return x;
  }

  /** What may be spent on a file. */
  class Meter {
    constructor(budget) {
      this.left = this.budget = budget;
    }

    allow(units) {
      this.left += units;
      this.budget += units;
    }

    charge(units) {
      this.left -= units;
      demand(this.left >= 0, `the work limit of ${Math.round(this.budget)} units is reached`);
    }

    multiply(...factors) {
      return factors.reduce((product, factor) => {
        this.charge(8 + size(product) * size(factor));
        return product * factor;
      }, 1n);
    }

    power(base, exponent) {
      const long = base === 0n ? 0 : magnitude(base).toString(2).length * Number(exponent);
      demand(exponent >= 0n && long <= LIMIT.power, "a power is too large");
      this.charge(8 + (long / 64) ** 2);
      return base ** exponent;
    }

    /** The integer part of the root, from a float's guess, which decides nothing. */
    root(number, degree) {
      if (number === 0n) return 0n;
      const long = number.toString(2).length, n = BigInt(degree);
      const price = 8 + 8 * (long / 64) ** 1.6;
      const lead = Number(number >> BigInt(Math.max(0, long - 60)));
      const log2 = (Math.log2(lead) + Math.max(0, long - 60)) / degree;
      const shift = Math.max(0, Math.floor(log2) - 50);
      let guess = BigInt(Math.ceil(2 ** (log2 - shift))) << BigInt(shift);
      for (let change = 2n; change > 1n;) {
        this.charge(price);
        const next = ((n - 1n) * guess + number / guess ** (n - 1n)) / n;
        change = magnitude(next - guess);
        guess = next;
      }
      for (; guess ** n > number; guess -= 1n) this.charge(price);
      for (; (guess + 1n) ** n <= number; guess += 1n) this.charge(price);
      return guess;
    }
  }

  function squareRoot(number) {
    if (number < 2n) return number;
    let guess = 1n << BigInt((number.toString(2).length + 1) >> 1);
    for (;;) {
      const next = (guess + number / guess) >> 1n;
      if (next >= guess) return guess;
      guess = next;
    }
  }

  // --- fractions: [p, q], q > 0 ---

  const whole = (x) => [x, 1n];
  const plus = ([p, q], [u, v]) => (q === v ? [p + u, q] : [p * v + u * q, q * v]);
  const minus = (x, [u, v]) => plus(x, [-u, v]);
  const times = ([p, q], [u, v]) => [p * u, q * v];
  const over = ([p, q], [u, v]) => (u < 0n ? [-p * v, -q * u] : [p * v, q * u]);
  const compare = ([p, q], [u, v]) => {
    const difference = p * v - u * q;
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  };
  const reduced = ([p, q]) => {
    const common = gcd(p, q);
    return [p / common, q / common];
  };

  // --- reading values ---

  function read(object, ...names) {
    demand(object !== null && typeof object === "object" && !Array.isArray(object)
      && Object.keys(object).length === names.length
      && names.every((name) => Object.hasOwn(object, name)), `members must be: ${names}`);
    return names.map((name) => object[name]);
  }

  function list(value) {
    demand(Array.isArray(value), "not a list");
    return value;
  }

  function word(value, ...words) {
    demand(words.includes(value), `must be one of: ${words.join(", ")}`);
    return value;
  }

  function integer(value, least, most) {
    demand(typeof value === "string" && value.length <= LIMIT.digits
      && /^(?:0|-?[1-9][0-9]*)$/.test(value) && !value.endsWith("\n"), "not an integer");
    const number = BigInt(value);
    demand((least === undefined || number >= least) && (most === undefined || number <= most),
      "an integer is out of range");
    return number;
  }

  function ratio(value) {
    demand(typeof value === "string", "not a fraction");
    const parts = value.split("/");
    demand(parts.length <= 2, "not a fraction");
    const p = integer(parts[0]), q = parts.length > 1 ? integer(parts[1], 2n) : 1n;
    demand(gcd(p, q) === 1n, "not in lowest terms");
    return [p, q];
  }

  function matrix(value) {
    const rows = list(value).map((row) => list(row).map((entry) => integer(entry)));
    demand(rows.length > 0 && rows[0].length > 0
      && rows.every((row) => row.length === rows[0].length), "not a matrix");
    return rows;
  }

  // --- matrices of integers ---

  const longest = (rows) => Math.max(...rows.map((row) => size(...row.slice(0, 1), ...row)));
  const transpose = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const relu = (rows) => rows.map((row) => row.map((x) => (x > 0n ? x : 0n)));

  function multiply(left, right, meter) {
    demand(left[0].length === right.length, "the shapes do not fit");
    meter.charge(left.length * right.length * right[0].length
      * (8 + longest(left) * longest(right)));
    return left.map((row) => right[0].map((_, j) => {
      let sum = 0n;
      for (let k = 0; k < row.length; k++) if (row[k]) sum += row[k] * right[k][j];
      return sum;
    }));
  }

  function squaredNorm(rows, meter) {
    meter.charge(rows.length * rows[0].length * (8 + longest(rows) ** 2));
    let sum = 0n;
    for (const row of rows) for (const entry of row) sum += entry * entry;
    return sum;
  }

  function trace(rows) {
    return rows.reduce((sum, row, i) => sum + row[i], 0n);
  }

  /** tr(G^-1) = -c_1 / c_0 of the characteristic polynomial, by Faddeev and LeVerrier. */
  function traceOfInverse(gram, meter) {
    let last = 1n, before = 0n, current = null; // c_(n-k+1), c_(n-k+2), M_k
    for (let k = 1; k <= gram.length; k++) {
      current = current === null ? gram.map((row, i) => row.map((_, j) => (i === j ? 1n : 0n)))
        : multiply(gram, current, meter).map(
          (row, i) => row.map((x, j) => (i === j ? x + last : x)));
      before = last;
      last = -trace(multiply(gram, current, meter)) / BigInt(k);
    }
    demand(last !== 0n, "the last signals do not separate the classes");
    return over(whole(-before), whole(last));
  }

  /** By elimination; each row divided by its entries' common divisor. */
  function rank(matrix, meter) {
    let rows = matrix, found = 0;
    while (rows.length > 0) {
      const column = rows[0].map((_, j) => j).find((j) => rows.some((row) => row[j] !== 0n));
      if (column === undefined) return found;
      found += 1;
      const pivot = rows.find((row) => row[column] !== 0n);
      meter.charge(rows.length * pivot.length * (100 + 30 * longest(rows) ** 2));
      rows = rows.filter((row) => row !== pivot).map((row) => {
        if (row[column] === 0n) return row;
        const next = row.map((x, j) => pivot[column] * x - row[column] * pivot[j]);
        const common = next.reduce(gcd, 0n);
        return common > 1n ? next.map((x) => x / common) : next;
      });
    }
    return found;
  }

  /** H_1, S_2, ..., S_m, and the product of the squared norms. */
  function forward(listed, meter) {
    const factors = list(listed).map(matrix);
    demand(factors.length >= 2, "at least two matrices are needed");
    const signals = [factors[0]];
    for (const factor of factors.slice(1)) {
      signals.push(relu(multiply(factor, signals[signals.length - 1], meter)));
    }
    return [signals, meter.multiply(...factors.map((factor) => squaredNorm(factor, meter)))];
  }

  // --- the triangular construction ---

  function binomial(n, k) {
    if (k < 0n || k > n) return 0n;
    let result = 1n;
    for (let i = 1n; i <= min(k, n - k); i += 1n) result = result * (n - i + 1n) / i;
    return result;
  }

  function triangle(r, s) {
    const vertices = integer(r, 4n, 1500n);
    return [vertices, integer(s, 2n, vertices - 2n)];
  }

  /** P = x + sqrt(y), as fractions [x, y]. */
  function triangularProduct(r, s, L, meter) {
    const same = binomial(r - 2n, s - 2n), meet = binomial(r - 3n, s - 3n);
    const apart = binomial(r - 4n, s - 4n), rows = binomial(r, s);
    meter.charge(Number(r) * 200);
    const eigenvalues = [
      [same + 2n * (r - 2n) * meet + (r - 2n) * (r - 3n) / 2n * apart, 1n],
      [same + (r - 4n) * meet + (3n - r) * apart, r - 1n],
      [same - 2n * meet + apart, r * (r - 3n) / 2n]];
    const inverse = eigenvalues.map(([value, multiplicity]) => [multiplicity, value]).reduce(plus);
    // Singular values of the first two factors' product, squared, one and r-1 times.
    const [one, others, rest] = L > 2n
      ? [whole(2n * (r - 1n)), whole(r - 2n),
        [meter.power(r, L - 2n) * rows * inverse[0], 4n * inverse[1]]]
      : (() => {
        const e = [(2n * s - r) ** 2n - r, r * (r - 1n)];
        return [times([rows * 2n * (r - 1n), 4n], plus(whole(1n), times(whole(r - 1n), e))),
          times([rows * (r - 2n), 4n], minus(whole(1n), e)), inverse];
      })();
    const x = times(rest, plus(one, times(whole((r - 1n) ** 2n), others)));
    const root = times(whole(4n * (r - 1n) ** 2n), times(one, others));
    meter.charge(100 * size(...x, ...rest) ** 2);
    return [reduced(x), reduced(times(times(rest, rest), root))];
  }

  /** Bounds of P for DNC or a triangular block, and its number of classes. */
  function closedForm(construction, L, meter) {
    if (construction !== null && typeof construction === "object"
        && Object.hasOwn(construction, "K")) {
      const K = integer(read(construction, "K")[0], 1n, LIMIT.classes);
      const P = whole(meter.power(K, L + 1n));
      return [K, P, P];
    }
    const [r, s] = triangle(...read(construction, "r", "s"));
    demand(L >= 2n, "L >= 2 for this family");
    const [x, [p, q]] = triangularProduct(r, s, L, meter);
    // sqrt(p/q) to 256 bits after the point, relative to its size.
    const shift = 256n + BigInt(Math.max(0, bits(q) - bits(p)));
    const below = squareRoot((p << (2n * shift)) / q);
    return [r * (r - 1n) / 2n, plus(x, [below, 1n << shift]), plus(x, [below + 1n, 1n << shift])];
  }

  /** The sign of a + b sqrt(d) - c, after comparison of these with the construction's cost. */
  function cellSign(r, s, L, data, meter) {
    const [a, b, d, c] = read(data, "a", "b", "d", "c").map((value) => integer(value));
    demand(b >= 0n && d >= 0n && c > 0n, "a, b, d, c: signs");
    const [x, y] = triangularProduct(r, s, L, meter);
    const all = meter.power(r * (r - 1n) / 2n, L + 1n);
    const product = (...factors) => meter.multiply(...factors);
    demand(product(a, x[1], all) === product(x[0], c)
      && product(b, b, d, y[1], all, all) === product(y[0], c, c),
    "a, b, d, c are not the cost of this construction");
    if (a > c) return 1;
    const difference = product(b, b, d) - product(c - a, c - a);
    return difference > 0n ? 1 : difference < 0n ? -1 : 0;
  }

  const SIGN = { below: -1, equal: 0, above: 1 };

  function checkCell(given, meter) {
    const [r, s, L] = read(given.parameters, "r", "s", "L");
    word(given.method, "square-root elimination");
    const [vertices, subset] = triangle(r, s);
    const sign = cellSign(vertices, subset, integer(L, 2n, LIMIT.layers), given.data, meter);
    demand(SIGN[word(given.verdict, "below", "equal", "above")] === sign, "the verdict is wrong");
  }

  function checkThreshold(given, meter) {
    const [K_, L_] = read(given.parameters, "K", "L");
    const K = integer(K_, 2n, LIMIT.classes), L = integer(L_, 2n, LIMIT.layers);
    word(given.method, "square-root elimination");
    const beaten = word(given.verdict, "beaten", "not beaten") === "beaten";
    const seen = new Set();
    let least = 1;
    for (const block of list(given.data)) {
      const [r_, s_, data] = read(block, "r", "s", "data");
      const [r, s] = triangle(r_, s_);
      demand(r * (r - 1n) <= 2n * K, "a block has more than K classes");
      demand(beaten || !seen.has(`${r} ${s}`), "a block is listed twice");
      seen.add(`${r} ${s}`);
      least = Math.min(least, cellSign(r, s, L, data, meter));
    }
    if (beaten) {
      demand(least < 0, "no block costs less than DNC");
      return;
    }
    demand(least >= 0, "a block costs less than DNC");
    let needed = 0;
    for (let r = 4n; r * (r - 1n) <= 2n * K; r += 1n) needed += Number(r) - 3;
    demand(seen.size === needed, "not every block is listed");
  }

  function checkChain(given, meter) {
    const [K_, L_] = read(given.parameters, "K", "L");
    const K = integer(K_, 2n, LIMIT.classes), L = integer(L_, 2n, LIMIT.layers);
    word(given.method, "integer matrices");
    word(given.verdict, "beaten");
    const [matrices, claimed] = read(given.data, "matrices", "inverse trace");
    const [signals, norms] = forward(matrices, meter);
    const last = signals[signals.length - 1], m = BigInt(signals.length);
    const k = BigInt(last[0].length);
    demand(m <= L && k >= 2n && k <= K, "too many layers, or not 2..K classes");
    const [p, q] = traceOfInverse(multiply(transpose(last), last, meter), meter);
    const [u, v] = ratio(claimed);
    demand(meter.multiply(p, v) === meter.multiply(u, q), "the inverse trace is another");
    demand(meter.multiply(norms, u) < meter.multiply(meter.power(k, m + 1n), v),
      "the matrices do not cost less than DNC");
  }

  /** T >= tr(S^T S)^-1 from an approximate inverse. */
  function traceBound(signal, inverse, unit, meter) {
    const largest = signal.flat().reduce((x, y) => (x > y ? x : y));
    const h = BigInt(Math.max(0, (largest > 0n ? largest.toString(2).length : 0) - 56));
    const rounded = signal.map((row) => row.map((entry) => entry >> h));
    const gram = multiply(transpose(rounded), rounded, meter);
    demand(inverse.length === gram.length && inverse[0].length === gram.length,
      "the inverse has another size");
    const rest = multiply(gram, inverse, meter).map(
      (row, i) => row.map((entry, j) => (i === j ? unit : 0n) - entry));
    meter.charge(64 * size(unit, ...inverse[0]) ** 2);
    const error = [squareRoot(squaredNorm(rest, meter)) + 1n, unit];
    const norm = [squareRoot(squaredNorm(inverse, meter)) + 1n, unit];
    demand(error[0] < unit, "the inverse is none");
    const t = plus([trace(inverse), unit],
      over(times(norm, error), minus(whole(1n), error)));
    let left = whole(1n); // 1 - delta
    if (h > 0n) {
      const q = BigInt(signal.length * gram.length);
      left = minus(left, [squareRoot((q * t[0] << 112n) / t[1]) + 1n, 1n << 56n]);
    }
    demand(left[0] > 0n && t[0] > 0n, "the last signals are too close to not separating");
    return over(t, times(times(left, left), whole(1n << (2n * h))));
  }

  function blockCost(construction, L, meter) {
    if (construction === null || typeof construction !== "object"
        || !Object.hasOwn(construction, "matrices")) {
      const [K, , high] = closedForm(construction, L, meter);
      return [K, high];
    }
    const [matrices, inverse, unit, layer] = read(
      construction, "matrices", "inverse", "unit", "layer");
    const [signals, norms] = forward(matrices, meter);
    const m = signals.length, missing = L - BigInt(m);
    demand(missing >= 0n, "more layers than L");
    const [p, q] = traceBound(signals[m - 1], matrix(inverse), integer(unit, 1n), meter);
    const factor = missing === 0n ? 1n : meter.power(
      BigInt(rank(signals[Number(integer(layer, 2n, BigInt(m))) - 1], meter)), missing);
    return [BigInt(signals[0][0].length), [meter.multiply(norms, factor, p), q]];
  }

  function checkCost(given, meter) {
    const [K_, L_, bound] = read(given.parameters, "K", "L", "bound");
    const K = integer(K_, 2n, LIMIT.classes), L = integer(L_, 1n, LIMIT.layers);
    word(given.method, "direct sum");
    word(given.verdict, "reached");
    let classes = 0n, left = ratio(bound);
    for (const block of list(read(given.data, "blocks")[0])) {
      const [construction, root] = read(block, "construction", "root");
      const [k, [P, Q]] = blockCost(construction, L, meter), [p, q] = ratio(root);
      demand(p > 0n && meter.multiply(P, meter.power(q, L + 1n))
        <= meter.multiply(meter.power(p, L + 1n), Q), "a root is too small");
      meter.charge(8 + 4 * size(...left) * size(p, q));
      left = minus(left, [p, q]);
      classes += k;
    }
    demand(classes === K, "the blocks are for another number of classes");
    demand(left[0] >= 0n, "the blocks cost more");
  }

  function checkPartialFit(given, meter) {
    const [K_, L_] = read(given.parameters, "K", "L");
    const K = integer(K_, 2n, LIMIT.classes), L = integer(L_, 2n, LIMIT.layers);
    word(given.method, "integer matrices");
    word(given.verdict, "beaten");
    const matrices = list(read(given.data, "matrices")[0]);
    demand(BigInt(matrices.length) === L + 1n, "L + 1 matrices are needed");
    const [signals, norms] = forward(matrices.slice(0, -1), meter);
    const last = matrix(matrices[matrices.length - 1]);
    const Z = multiply(last, signals[signals.length - 1], meter);
    const k = BigInt(Z.length);
    demand(Z.length === Z[0].length && k >= 2n && k <= K, "the outputs must be of 2..K classes");
    demand(trace(Z) > 0n, "the outputs must have a positive trace");
    demand(meter.multiply(norms, squaredNorm(last, meter),
      meter.power(squaredNorm(Z, meter), L - 1n)) < meter.power(trace(Z), 2n * L),
    "the matrices do not show that DNC is beaten");
  }

  function checkMinimalLoss(given, meter) {
    const [construction, L_, n_, decay, low_, high_] = read(
      given.parameters, "construction", "L", "n", "decay", "low", "high");
    const L = integer(L_, 1n, LIMIT.layers), n = integer(n_, 1n, LIMIT.samples), N = L + 1n;
    const lam = ratio(decay), low = ratio(low_), high = ratio(high_);
    demand(lam[0] > 0n, "the decay must be positive");
    word(given.method, "stationary deficit");
    const scale = [meter.multiply(meter.power(lam[0], N), n), meter.power(lam[1], N)];
    const product = ([p, q], [u, v]) => [meter.multiply(p, u), meter.multiply(q, v)];
    const order = ([p, q], [u, v]) => {
      const left = meter.multiply(p, v), right = meter.multiply(u, q);
      return left > right ? 1 : left < right ? -1 : 0;
    };
    const [, least, most] = closedForm(construction, L, meter);
    const h = [product(scale, least), product(scale, most)];
    if (word(given.verdict, "zero", "enclosed") === "zero") {
      read(given.data);
      demand(order(h[0], [meter.power(L - 1n, L - 1n), meter.power(L, 2n * L)]) >= 0,
        "zero is not optimal");
      demand(low_ === "1/2" && high_ === "1/2", "the loss of zero is 1/2");
      return;
    }
    const [below, above] = read(given.data, "below", "above").map(ratio);
    const value = ([p, q]) => [
      meter.multiply(meter.power(p * (q - p), L - 1n), p, p), meter.power(q, 2n * L)];
    const loss = ([p, q]) => [
      meter.multiply(p, N * q - L * p), meter.multiply(2n, q, q)];
    for (const [p, q] of [below, above]) {
      demand(p > 0n && p * L <= q, "a deficit must be in (0, 1/L]");
    }
    demand(order(value(below), h[0]) <= 0 && order(loss(below), low) >= 0,
      "the lower bound is not one");
    demand(order(value(above), h[1]) >= 0 && order(loss(above), high) <= 0,
      "the upper bound is not one");
  }

  // --- cross-entropy ---

  const UNIT = 128n, FINE = 224n, ROOTS = 8;
  const logarithms = new Map();

  /** [low, high] of log(x), 1 <= x <= 2, x between low and high over 2^FINE; over 2^FINE too:
   *  x^(1/2^8) by square roots, then Taylor's alternating series. */
  function logOfMantissa(low, high) {
    for (let i = 0; i < ROOTS; i++) {
      [low, high] = [squareRoot(low << FINE), squareRoot(high << FINE) + 1n];
    }
    const one = 1n << FINE;
    const series = (e, up) => {
      let total = 0n, term = e;
      for (let i = 1n; term > 0n; i += 1n) {
        total += i % 2n === 1n ? (up ? term / i + 1n : term / i)
          : (up ? -(term / i) : -(term / i) - 1n);
        term = (term * e >> FINE) + (up ? 1n : 0n);
        if (i > 60n) { // e < 2^-8: what is left is below (2^-8)^60, far below a unit
          return total + (up ? 2n : -2n);
        }
      }
      return total + (up ? 2n : -2n);
    };
    const factor = 1n << BigInt(ROOTS);
    // Powers are cut downwards in one and upwards in the other: 60 terms of a unit at most.
    return [(series(low - one, false) - 128n) * factor, (series(high - one, true) + 128n) * factor];
  }

  /** [low, high] of log(number) in units of 2^-128. */
  function log(number, meter) {
    meter.charge(4000 + size(number));
    const key = number.toString(36);
    if (!logarithms.has(key)) {
      if (logarithms.size > 4000) logarithms.clear();
      const k = BigInt(number.toString(2).length - 1);
      const mantissa = k <= FINE ? number << (FINE - k) : number >> (k - FINE);
      const two = logOfMantissa(2n << FINE, 2n << FINE);
      const x = number === 1n << k ? [0n, 0n] : logOfMantissa(mantissa, mantissa + 1n);
      logarithms.set(key, [floorDivide(x[0] + k * two[0], 1n << (FINE - UNIT)),
        ceilDivide(x[1] + k * two[1], 1n << (FINE - UNIT))]);
    }
    return logarithms.get(key);
  }

  function structure(name, K, L, meter) {
    const one = whole(1n), odd = K % 2n === 1n;
    if (name === "dnc") return { fits: [[one, K - 1n, 0n]], costs: [[K - 1n, one]] };
    const fits = odd ? [[[K - 1n, K], K - 2n, 1n], [[1n, K], K - 1n, 0n]] : [[one, K - 2n, 1n]];
    const extra = odd ? [[1n, one]] : [];
    if (name === "pairs") return { fits, costs: [[K / 2n, whole(4n)], ...extra] };
    word(name, "relu pairs");
    const E = K - (odd ? 1n : 0n);
    demand(E >= 4n && L >= 2n, "ReLU pairs are for K >= 4, L >= 2");
    const product = [meter.power(2n * E + 4n, L - 2n) * (2n * E) ** 3n, 4n ** (L - 1n)];
    return { fits, costs: [[1n, product], ...extra] };
  }

  /** The cost at x from below (above), a fraction in units of 2^-128. */
  function costAt(setting, shape, x, up) {
    const { L, n, decay, meter } = setting, N = L + 1n;
    let total = 0n;
    for (const [count, factor] of shape.costs) {
      meter.charge(20 * size(...x, ...factor) ** 2);
      const [p, q] = times(times(factor, whole(n)), times(x, x));
      const scaled = (p << (N * UNIT)) / q;
      total += count * (meter.root(scaled, Number(N)) + (up ? 1n : 0n));
    }
    return times(decay, [N * total, 2n]);
  }

  function checkPieces(setting, shape, bound, pieces) {
    const { meter } = setting;
    const [points, weights, denominator] = read(pieces, "points", "weights", "denominator");
    const ends = [whole(0n), ...list(points).map(ratio)];
    const D = integer(denominator, 1n, 1n << 60n);
    demand(ends.length >= 2 && list(weights).length === ends.length - 1, "a line for each piece");
    for (let k = 1; k < ends.length; k++) {
      meter.charge(8 + 2 * size(...ends[k]) * size(...ends[k - 1]));
      demand(compare(ends[k - 1], ends[k]) < 0, "points must increase");
    }
    const costs = ends.map((x) => costAt(setting, shape, x, false));
    const level = bound === null ? whole(log(setting.K, meter)[1]) : bound;
    weights.forEach((rows, k) => {
      const sides = [[ends[k], costs[k]], [ends[k + 1], costs[k + 1]]];
      if (bound === null && k === 0) {
        demand(list(rows).length === 0, "the first line is the tangent at 0");
        const slope = shape.fits.map(
          ([w, q, p]) => times(w, [q + 2n * p, 1n + q + p])).reduce(plus);
        demand(compare(costs[1], times(times(slope, ends[1]), whole(1n << UNIT))) >= 0,
          "not above log K near 0");
        return;
      }
      const [height, slope] = line(shape, D, rows, meter);
      for (const [x, cost] of sides) {
        meter.charge(100 + 20 * size(...x) * size(...cost));
        const value = plus(minus(height, times(times(slope, x), whole(1n << UNIT))), cost);
        demand(compare(value, level) > 0, `the bound fails on piece ${k}`);
      }
    });
    demand(compare(costs[costs.length - 1], level) > 0, "the bound fails past the last point");
  }

  function line(shape, D, rows, meter) {
    demand(list(rows).length === shape.fits.length, "a row of weights for each fit");
    let height = whole(0n), slope = whole(0n);
    shape.fits.forEach(([share, q, p], i) => {
      const u = list(rows[i]).map((value) => integer(value, 0n, D));
      demand(u.length === 3 && u[0] + u[1] + u[2] === D && (p > 0n || u[2] === 0n),
        "weights must be three, of the given sum");
      let sum = 0n;
      [1n, q, p].forEach((coefficient, j) => {
        if (u[j] === 0n) return;
        sum += u[j] * (log(coefficient, meter)[0] + log(D, meter)[0] - log(u[j], meter)[1]);
      });
      height = plus(height, times(share, [sum, D]));
      slope = plus(slope, times(share, [u[1] + 2n * u[2], D]));
    });
    return [height, slope];
  }

  function checkCrossEntropy(given, meter) {
    const [first, second, K_, L_, n_, decay_] = read(
      given.parameters, "first", "second", "K", "L", "n", "decay");
    word(given.method, "Gibbs lines");
    const K = integer(K_, 3n, LIMIT.classes), L = integer(L_, 1n, LIMIT.layers);
    const setting = { K, L, n: integer(n_, 1n, LIMIT.samples), decay: ratio(decay_), meter };
    demand(setting.decay[0] > 0n, "the decay must be positive");
    demand((L + 1n) * UNIT <= BigInt(LIMIT.power), "L is too large");
    const shapes = [first, second].map((name) => structure(name, K, L, meter));
    if (word(given.verdict, "below", "above", "equal") === "equal") {
      read(given.data, "first", "second").forEach(
        (pieces, i) => checkPieces(setting, shapes[i], null, pieces));
      return;
    }
    if (given.verdict === "above") shapes.reverse();
    const [point, bound, pieces] = read(given.data, "point", "bound", "pieces");
    const [p, q] = ratio(point), [u, v] = ratio(bound);
    demand(p > q, "the point must be greater than 1");
    meter.charge(50 * size(p) ** 2);
    const level = whole(floorDivide(u << UNIT, v));
    let value = whole(0n); // F(log(p/q)) from above
    for (const [w, single, double] of shapes[0].fits) {
      const inside = log(p * p + single * p * q + double * q * q, meter)[1];
      value = plus(value, times(w, whole(inside - 2n * log(p, meter)[0])));
    }
    const x = [log(p, meter)[1] - log(q, meter)[0], 1n << UNIT];
    value = plus(value, costAt(setting, shapes[0], x, true));
    demand(compare(value, level) <= 0, "the point is not below");
    checkPieces(setting, shapes[1], level, pieces);
  }

  // --- polynomials: a map from "u^2*v^1" to a coefficient, never 0 ---

  class Polynomial {
    constructor(meter, terms = new Map()) {
      this.meter = meter;
      this.terms = terms;
    }

    static constant(value, meter) {
      return new Polynomial(meter, value === 0n ? new Map() : new Map([["", value]]));
    }

    static variable(name, meter) {
      return new Polynomial(meter, new Map([[`${name}^1`, 1n]]));
    }

    lift(value) {
      return value instanceof Polynomial ? value : Polynomial.constant(BigInt(value), this.meter);
    }

    get bits() {
      let most = 0;
      for (const c of this.terms.values()) most = Math.max(most, bits(c));
      return most;
    }

    get letters() {
      let most = 0;
      for (const key of this.terms.keys()) most = Math.max(most, key.length);
      return most;
    }

    add(other) {
      const right = this.lift(other), terms = new Map(this.terms);
      this.meter.charge(32 * (1 + this.terms.size + right.terms.size) + right.bits / 64);
      for (const [key, c] of right.terms) {
        const sum = (terms.get(key) ?? 0n) + c;
        if (sum === 0n) terms.delete(key); else terms.set(key, sum);
      }
      return new Polynomial(this.meter, terms);
    }

    subtract(other) {
      return this.add(this.lift(other).multiply(-1n));
    }

    multiply(other) {
      const right = this.lift(other), terms = new Map();
      this.meter.charge((1 + this.terms.size) * (1 + right.terms.size)
        * (400 + 40 * (this.letters + right.letters) + (this.bits / 64) * (right.bits / 64)));
      for (const [m, c] of this.terms) {
        for (const [k, d] of right.terms) {
          const key = k === "" ? m : m === "" ? k : join(m, k);
          terms.set(key, (terms.get(key) ?? 0n) + c * d);
        }
      }
      for (const [key, c] of terms) if (c === 0n) terms.delete(key);
      const result = new Polynomial(this.meter, terms);
      for (const c of terms.values()) {
        demand(magnitude(c) >> BigInt(LIMIT.power) === 0n, "a coefficient is too large");
      }
      return result;
    }

    power(exponent) {
      demand(exponent >= 0 && exponent <= LIMIT.exponent, "an exponent is too large");
      let result = this.lift(1n);
      for (let i = 0; i < exponent; i++) result = result.multiply(this);
      return result;
    }

    equals(other) {
      return this.subtract(other).terms.size === 0;
    }

    get nonnegative() {
      return [...this.terms.values()].every((c) => c > 0n);
    }

    get positive() {
      return this.nonnegative && this.terms.has("");
    }
  }

  function join(left, right) {
    const exponents = new Map();
    for (const part of [...left.split("*"), ...right.split("*")]) {
      const [name, exponent] = part.split("^");
      exponents.set(name, (exponents.get(name) ?? 0n) + BigInt(exponent));
    }
    return [...exponents].sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([name, exponent]) => `${name}^${exponent}`).join("*");
  }

  function tokens(text) {
    demand(typeof text === "string" && text.length <= LIMIT.expression, "not an expression");
    const found = [], letter = /[A-Za-z]/, digit = /[0-9]/, inner = /[A-Za-z0-9_]/;
    for (let i = 0; i < text.length;) {
      const start = i, c = text[i];
      if (c === " ") {
        i += 1;
      } else if (letter.test(c) || digit.test(c)) {
        while (i < text.length && inner.test(text[i])) i += 1;
        const token = text.slice(start, i);
        demand(letter.test(c) || /^(?:0|[1-9][0-9]*)$/.test(token), "not an expression");
        found.push(token);
      } else {
        demand("+-*/()".includes(c), "not an expression");
        i += c === "*" && text[i + 1] === "*" ? 2 : 1;
        found.push(text.slice(start, i));
      }
    }
    return found;
  }

  /** [numerator, denominator] of an expression; `names`, if given, are all that it may name. */
  function parse(text, meter, names) {
    const all = tokens(text);
    let place = 0, depth = 0;
    const constant = (value) => Polynomial.constant(value, meter);
    const takes = (token) => all[place] === token && (place += 1) > 0;

    function number() {
      const token = all[place];
      demand(token !== undefined && /^[0-9]/.test(token), "an integer is expected");
      place += 1;
      return integer(token);
    }

    function expression() {
      let value = term();
      for (;;) {
        const sign = takes("+") ? 1n : takes("-") ? -1n : 0n;
        if (sign === 0n) return value;
        const [p, q] = value, [u, v] = term();
        value = q.equals(v) ? [p.add(u.multiply(sign)), q]
          : [p.multiply(v).add(u.multiply(q).multiply(sign)), q.multiply(v)];
      }
    }

    function term() {
      let value = factor();
      for (;;) {
        const divides = takes("/");
        if (!divides && !takes("*")) return value;
        const [p, q] = value, [u, v] = factor();
        demand(!divides || u.terms.size > 0, "division by zero");
        value = divides ? [p.multiply(v), q.multiply(u)] : [p.multiply(u), q.multiply(v)];
      }
    }

    function factor() {
      let sign = 1n;
      while (takes("-")) sign = -sign;
      let [p, q] = atom();
      if (takes("**")) {
        const exponent = number();
        demand(exponent <= BigInt(LIMIT.exponent), "an exponent is too large");
        [p, q] = [p.power(Number(exponent)), q.power(Number(exponent))];
      }
      return [sign < 0n ? p.multiply(-1n) : p, q];
    }

    function atom() {
      if (takes("(")) {
        depth += 1;
        demand(depth <= LIMIT.nesting, "an expression is nested too deeply");
        const value = expression();
        demand(takes(")"), "a parenthesis is not closed");
        depth -= 1;
        return value;
      }
      const token = all[place];
      if (token !== undefined && /^[A-Za-z]/.test(token)) {
        demand(token.length <= LIMIT.name, "a name is too long");
        place += 1;
        if (names === undefined) return [Polynomial.variable(token, meter), constant(1n)];
        demand(names.has(token), "an unknown name");
        return [names.get(token), constant(1n)];
      }
      return [constant(number()), constant(1n)];
    }

    const value = expression();
    demand(place === all.length, "not an expression");
    return value;
  }

  function polynomial(text, meter, names) {
    const [p, q] = parse(text, meter, names);
    demand(q.equals(1n), "not a polynomial");
    return p;
  }

  function checkIdentity(given, meter) {
    const [[p, q], [u, v]] = read(given.parameters, "left", "right").map(
      (text) => parse(text, meter));
    word(given.method, "expansion");
    word(given.verdict, "true");
    read(given.data);
    demand(p.multiply(v).equals(u.multiply(q)), "the two sides differ");
  }

  function checkPolynomial(given, meter) {
    const expanded = polynomial(read(given.parameters, "polynomial")[0], meter);
    word(given.method, "shifted coefficients");
    read(given.data);
    const strict = word(given.verdict, "positive", "nonnegative") === "positive";
    demand(strict ? expanded.positive : expanded.nonnegative, "the coefficients do not show it");
  }

  function layers(text, least) {
    demand(typeof text === "string", "not a number of layers");
    const onwards = text.endsWith("+");
    return [Number(integer(onwards ? text.slice(0, -1) : text, BigInt(least), 10n)), onwards];
  }

  const coefficients = (onwards) => (
    onwards ? "shifted coefficients, induction in L" : "shifted coefficients");

  /** [U, V, a, b, d]: P = U/V (a + b sqrt(d)), from the eigenvalues' closed form
   *  C(s,2) C(r-2,s-2), (s-1) C(r-3,s-2), C(r-4,s-2) of G_s. */
  function familyCost(r, s, L) {
    const gap = r.subtract(s), one = r.subtract(1n), two = r.subtract(2n), three = r.subtract(3n);
    const pair = s.multiply(s.subtract(1n)), gaps = gap.multiply(gap.subtract(1n));
    const U = gaps.multiply(4n)
      .add(s.multiply(one).multiply(two).multiply(gap.subtract(1n)).multiply(2n))
      .add(pair.multiply(r).multiply(two).multiply(three.power(2)))
      .multiply(r).multiply(one);
    const V = pair.power(2).multiply(gaps).multiply(2n); // U/V = C(r,s) tr(G_s^-1)
    const skew = s.multiply(2n).subtract(r).power(2);
    const [X, Y, W] = L > 2
      ? [one.multiply(2n), two, [U.multiply(r.power(L - 2)), V.multiply(4n)]]
      : [one.power(2).multiply(skew).multiply(2n), r.power(2).subtract(skew).multiply(two),
        [U, V.multiply(4n).multiply(r).multiply(one)]];
    return [...W, X.add(one.power(2).multiply(Y)), one.multiply(2n), X.multiply(Y)];
  }

  function checkFamily(given, meter) {
    const [r_, s_, L_] = read(given.parameters, "r", "s", "L");
    const r = polynomial(r_, meter), s = polynomial(s_, meter), [L, onwards] = layers(L_, 2);
    word(given.method, coefficients(onwards));
    demand(s.subtract(2n).nonnegative && r.subtract(s).subtract(2n).nonnegative,
      "2 <= s <= r-2 must hold");
    const [U, V, a, b, d] = familyCost(r, s, L);
    const twice = r.multiply(r.subtract(1n)); // 2K
    const [n, m] = parse(read(given.data, "bound")[0], meter);
    // n/m = K^N V/U, K = twice/2
    demand(n.multiply(U).multiply(2n ** BigInt(L + 1)).equals(
      m.multiply(twice.power(L + 1)).multiply(V)), "the bound is not the one of this family");
    demand(m.positive, "the bound's denominator is not shown positive");
    const g = n.subtract(m.multiply(a));
    const square = g.power(2).subtract(m.multiply(b).power(2).multiply(d));
    if (word(given.verdict, "below", "above") === "below") {
      demand(g.positive && square.positive, "the coefficients do not show it");
      demand(!onwards || (L >= 3 && twice.subtract(r.multiply(2n)).positive),
        "the induction is not shown");
    } else {
      demand(!onwards, "no induction for this verdict");
      demand(g.multiply(-1n).positive || square.multiply(-1n).positive,
        "the coefficients do not show it");
    }
  }

  function checkEqualScale(given, meter) {
    const [name, K_, L_] = read(given.parameters, "structure", "K", "L");
    const pairs = word(name, "pairs", "relu pairs") === "pairs";
    const K = polynomial(K_, meter), [L, onwards] = layers(L_, pairs ? 1 : 2);
    word(given.method, coefficients(onwards));
    read(given.data);
    demand(K.subtract(4n).nonnegative, "K >= 4 must hold");
    const one = K.subtract(1n);
    const [left, right, grow, limit] = pairs
      ? [K.power(L + 1).multiply(4n), one.multiply(2n).power(L + 1), K, one.multiply(2n)]
      : [K.multiply(2n).add(4n).power(L - 2).multiply(K.power(3)).multiply(8n),
        one.power(L + 1).multiply(4n ** BigInt(L - 1)), K.multiply(2n).add(4n), one.multiply(4n)];
    const below = word(given.verdict, "below", "above") === "below";
    const [small, large] = below ? [left, right] : [right, left];
    demand(large.subtract(small).positive, "the coefficients do not show it");
    const [slow, fast] = below ? [grow, limit] : [limit, grow];
    demand(!onwards || fast.subtract(slow).nonnegative, "the induction is not shown");
  }

  // --- three classes, two layers ---

  const ENTRIES = [["11", "12", "13"], ["12", "22", "23"], ["13", "23", "33"]];
  const SUPPORTS = ["1", "2", "3", "12", "13", "23", "123"];

  /** What is known of correlations x, y, z: values by name, signs by name, squares of roots. */
  class Known {
    constructor(meter) {
      this.meter = meter;
      const name = (letter) => [letter, Polynomial.variable(letter, meter)];
      this.values = new Map(["x", "y", "z", "t1", "t2", "t3"].map(name));
      this.strict = new Map([["t1", false], ["t2", false], ["t3", false]]);
      this.squares = new Map();
      this.one = Polynomial.constant(1n, meter);
      for (const [letter, text] of [["A", "1-x**2"], ["B", "1-y**2"], ["G", "1-z**2"],
        ["D", "1-x**2-y**2-z**2+2*x*y*z"]]) this.add(letter, this.value(text), true);
      this.adjugate = [["G", "y*z-x", "x*z-y"], ["y*z-x", "B", "x*y-z"], ["x*z-y", "x*y-z", "A"]]
        .map((row) => row.map((text) => this.value(text)));
    }

    value(text) {
      return polynomial(text, this.meter, this.values);
    }

    add(name, value, strict) {
      demand(typeof name === "string" && /^[A-Za-z][A-Za-z0-9_]*$/.test(name)
        && name.length <= LIMIT.name && !this.values.has(name), "not a new name");
      this.values.set(name, value);
      this.strict.set(name, strict);
    }

    /** Whether a polynomial in known names is positive; it must be shown nonnegative. */
    sign(text) {
      const found = polynomial(text, this.meter);
      demand(found.nonnegative, "a coefficient is negative");
      return [...found.terms.keys()].map((key) => {
        const names = key === "" ? [] : key.split("*").map((part) => part.split("^")[0]);
        demand(names.every((name) => this.strict.has(name)), "not known nonnegative");
        return names.every((name) => this.strict.get(name));
      }).includes(true);
    }

    /** Demand upper/lower = sum of weight square^2 / over; whether that shows it positive. */
    shown([upper, lower], data) {
      const [over, terms] = read(data, "over", "terms");
      demand(this.sign(over), "a denominator is not shown positive");
      let positive = false, total = this.one.subtract(1n);
      for (const term of list(terms)) {
        demand(Array.isArray(term) && term.length === 2, "not a weight and a square");
        const [weight, square] = term;
        positive = (this.sign(weight) && square === "1") || positive;
        total = total.add(this.value(weight).multiply(this.value(square).power(2)));
      }
      demand(this.reduce(upper.multiply(this.value(over)).subtract(
        this.reduce(total).multiply(lower))).terms.size === 0, "the sum is another");
      return positive;
    }

    reduce(value) {
      let result = this.one.subtract(1n);
      for (const [key, c] of value.terms) {
        let term = Polynomial.constant(c, this.meter);
        for (const part of key === "" ? [] : key.split("*")) {
          const [name, exponent] = part.split("^"), e = Number(exponent);
          const square = this.squares.get(name);
          term = square === undefined
            ? term.multiply(new Polynomial(this.meter, new Map([[part, 1n]])))
            : term.multiply(square.power(e >> 1)).multiply(
              e & 1 ? Polynomial.variable(name, this.meter) : 1n);
        }
        result = result.add(term);
      }
      return result;
    }

    /** f.R^-1 f - f_+.C f_+, f = t on the support and -t elsewhere; C of entries over `over`. */
    form(support, C, over) {
      const D = this.values.get("D");
      let upper = this.one.subtract(1n);
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          const [left, right] = [i, j].map((k) => support.includes(`${k + 1}`));
          const entry = this.adjugate[i][j].multiply(over).multiply(left === right ? 1n : -1n)
            .subtract(left && right ? C[i][j].multiply(D) : 0n);
          upper = upper.add(entry.multiply(this.values.get(`t${i + 1}`))
            .multiply(this.values.get(`t${j + 1}`)));
        }
      }
      return [upper, D.multiply(over)];
    }
  }

  /** Verify a case: what it must be given, [expression, whether positive]. */
  function checkCase(data, meter) {
    const [given, roots, facts, matrix, minors, determinant, forms] = read(
      data, "given", "roots", "facts", "matrix", "minors", "determinant", "forms");
    const known = new Known(meter), needed = [];
    for (const entry of list(given)) {
      const [name, value, sign] = read(entry, "name", "value", "sign");
      const strict = word(sign, "positive", "nonnegative") === "positive";
      known.add(name, known.value(value), strict);
      needed.push([value, strict]);
    }
    for (const entry of list(roots)) {
      const [name, text] = read(entry, "name", "square");
      const strict = known.sign(text), square = known.value(text);
      demand(![...square.terms.keys()].some((key) => key.split("*").some(
        (part) => known.squares.has(part.split("^")[0]))), "a root of a root");
      known.add(name, Polynomial.variable(name, meter), strict);
      known.squares.set(name, square);
    }
    for (const entry of list(facts)) {
      const [name, text, sum] = read(entry, "name", "value", "sum");
      const value = known.value(text);
      known.add(name, value, known.shown([value, known.one], sum));
    }
    const [text, ...entries] = read(matrix, "over", "11", "12", "13", "22", "23", "33");
    demand(known.sign(text), "a denominator is not shown positive");
    const over = known.value(text), [a, b, c, d, e, f] = entries.map((entry) => known.value(entry));
    const C = [[a, b, c], [b, d, e], [c, e, f]], [first, second] = read(minors, "1", "2");
    const minor = a.multiply(d).subtract(b.power(2));
    demand(known.shown([a, over], first) && known.shown([minor, over.power(2)], second),
      "a minor is not shown positive");
    // By the third column.
    const whole = f.multiply(minor).subtract(e.multiply(a.multiply(e).subtract(b.multiply(c))))
      .add(c.multiply(b.multiply(e).subtract(c.multiply(d))));
    known.shown([known.reduce(whole.subtract(over.power(3))), over.power(3)], determinant);
    read(forms, ...SUPPORTS).forEach((sum, i) => known.shown(
      known.form(SUPPORTS[i], C, over), sum));
    return needed;
  }

  /** All R on this path, [[what is nonnegative, whether positive], ...], have a case. */
  function checkTree(node, needed, path, meter) {
    const plain = new Known(meter).values;
    if (node !== null && typeof node === "object" && "split" in node) {
      const [split, positive, otherwise] = read(node, "split", "positive", "otherwise");
      const value = polynomial(split, meter, plain);
      checkTree(positive, needed, [...path, [value, true]], meter);
      checkTree(otherwise, needed, [...path, [value.multiply(-1n), false]], meter);
      return;
    }
    const [name, order] = read(node, "case", "classes");
    demand(typeof name === "string" && needed.has(name), "an unknown case");
    const classes = list(order).map((i) => integer(i, 1n, 3n));
    demand(classes.length === 3 && new Set(classes).size === 3, "not an order of the classes");
    const letter = (i, j) => plain.get("xyz"[Number(classes[i] + classes[j]) - 3]);
    const names = new Map([["x", letter(0, 1)], ["y", letter(0, 2)], ["z", letter(1, 2)]]);
    for (const [text, strict] of needed.get(name)) {
      const [value] = parse(text, meter, names);
      demand(path.some(([known, positive]) => (positive || !strict) && known.equals(value)),
        "the path does not give this");
    }
  }

  function checkOptimal(given, meter) {
    const [K, L] = read(given.parameters, "K", "L");
    demand(K === "3" && L === "2", "nothing is known of these K and L");
    word(given.method, "determinant criterion");
    word(given.verdict, "dnc optimal");
    const [cases, tree] = read(given.data, "cases", "tree");
    demand(cases !== null && typeof cases === "object" && !Array.isArray(cases), "not an object");
    const needed = new Map(Object.entries(cases).map(
      ([name, data]) => [name, checkCase(data, meter)]));
    checkTree(tree, needed, [], meter);
  }

  const CLAIMS = new Map(Object.entries({
    cell: checkCell, threshold: checkThreshold, chain: checkChain, cost: checkCost,
    "partial fit": checkPartialFit, "minimal loss": checkMinimalLoss,
    "cross-entropy": checkCrossEntropy, identity: checkIdentity, polynomial: checkPolynomial,
    "triangular family": checkFamily, "equal scale": checkEqualScale,
    optimal: checkOptimal,
  }));

  // --- the file ---

  /** JSON without numbers, objects without a name twice; one value at a time. */
  class Reader {
    constructor(text) {
      this.text = text;
      this.place = 0;
    }

    fail(reason) {
      throw new NotACertificateFile(`${reason} (at ${this.place})`);
    }

    peek() {
      while (" \t\n\r".includes(this.text[this.place] ?? "x")) this.place += 1;
      return this.text[this.place];
    }

    mark(...wanted) {
      const found = this.peek();
      if (!wanted.includes(found)) this.fail(`${wanted.join(" or ")} expected`);
      this.place += 1;
      return found;
    }

    string() {
      const start = this.place;
      this.mark('"');
      for (;;) {
        const c = this.text[this.place];
        if (c === undefined) this.fail("a string does not end");
        this.place += c === "\\" ? 2 : 1;
        if (c === '"') break;
      }
      try {
        return JSON.parse(this.text.slice(start, this.place));
      } catch {
        return this.fail("not a string");
      }
    }

    value(depth = 0) {
      if (depth > LIMIT.json) this.fail("nested too deeply");
      const c = this.peek();
      if (c === '"') return this.string();
      if (c === "[") return this.array(depth);
      if (c === "{") return this.object(depth);
      for (const [literal, value] of [["null", null], ["true", true], ["false", false]]) {
        if (this.text.startsWith(literal, this.place)) {
          this.place += literal.length;
          return value;
        }
      }
      return this.fail("a value is expected, and numbers within strings");
    }

    array(depth) {
      const found = [];
      this.mark("[");
      if (this.peek() === "]") return this.mark("]") && found;
      do found.push(this.value(depth + 1)); while (this.mark(",", "]") === ",");
      return found;
    }

    object(depth) {
      const found = Object.create(null);
      this.mark("{");
      if (this.peek() === "}") return this.mark("}") && found;
      do {
        this.peek();
        const name = this.string();
        if (Object.hasOwn(found, name)) this.fail("a member twice");
        this.mark(":");
        found[name] = this.value(depth + 1);
      } while (this.mark(",", "}") === ",");
      return found;
    }

    member(name) {
      this.peek();
      if (this.string() !== name) this.fail(`the member ${name} is expected`);
      this.mark(":");
    }
  }

  function* certificates(text) {
    if (text.length > LIMIT.file) throw new NotACertificateFile("too long");
    const reader = new Reader(text);
    reader.mark("{");
    reader.member("format");
    if (reader.value() !== FORMAT) reader.fail("another format");
    reader.mark(",");
    reader.member("versions");
    const versions = reader.value();
    if (versions === null || typeof versions !== "object" || Array.isArray(versions)
        || Object.values(versions).some((version) => typeof version !== "string")) {
      reader.fail("versions: not an object of words");
    }
    reader.mark(",");
    reader.member("certificates");
    reader.mark("[");
    do {
      const start = reader.place, value = reader.value();
      if (reader.place - start > LIMIT.certificate) reader.fail("a certificate is too long");
      yield [value, reader.place];
    } while (reader.mark(",", "]") === ",");
    reader.mark("}");
    if (reader.peek() !== undefined) reader.fail("something follows the file's end");
  }

  /** {verified, reason, statement} of one certificate, a value of JSON. */
  function check(certificate, meter = new Meter(BUDGET)) {
    try {
      const [claim, parameters, method, data, verdict] = read(
        certificate, "claim", "parameters", "method", "data", "verdict");
      demand(CLAIMS.has(claim), "unknown claim");
      demand(typeof method === "string" && typeof verdict === "string", "not words");
      CLAIMS.get(claim)({ parameters, method, data, verdict }, meter);
    } catch (error) {
      if (error instanceof Refused || error instanceof RangeError) {
        return { verified: false, reason: error.message, statement: shown(certificate) };
      }
      throw error;
    }
    return { verified: true, reason: "", statement: shown(certificate) };
  }

  function shown(certificate) {
    const short = (value) => {
      const text = JSON.stringify(value) ?? "";
      return text.length > 80 ? `${text.slice(0, 77)}...` : text;
    };
    const { claim, parameters, verdict } = Object(certificate);
    return `${short(claim)} ${short(parameters)}: ${short(verdict)}`;
  }

  /** The results of a file, one by one; NotACertificateFile where it stops to be one. */
  function* checkText(text, budget) {
    const meter = new Meter(budget ?? BUDGET);
    let paid = 0;
    for (const [certificate, place] of certificates(text)) {
      if (budget === undefined) meter.allow(BUDGET_PER_CHARACTER * (place - paid));
      paid = place;
      yield check(certificate, meter);
    }
  }

  function main(given) {
    const fs = require("node:fs"), zlib = require("node:zlib");
    const at = given.indexOf("--budget");
    const budget = at < 0 ? undefined : Number(given.splice(at, 2)[1]);
    let sound = true;
    try {
      let content = fs.readFileSync(given[0]);
      if (content[0] === 0x1f && content[1] === 0x8b) {
        content = zlib.gunzipSync(content, { maxOutputLength: LIMIT.file });
      }
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
      for (const { verified, reason, statement } of checkText(text, budget)) {
        console.log(verified ? `verified      ${statement}`
          : `NOT VERIFIED  ${statement}: ${reason}`);
        sound = sound && verified;
      }
    } catch (error) {
      console.error(`${given[0]}: not a certificate file: ${error.message}`);
      return 2;
    }
    return sound ? 0 : 1;
  }

  const api = { check, checkText, Meter, NotACertificateFile };
  if (typeof module === "object" && module.exports) {
    module.exports = api;
    if (require.main === module) process.exitCode = main(process.argv.slice(2));
  } else {
    globalThis.nctheoryChecker = api;
  }
}());
