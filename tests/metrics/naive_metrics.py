"""Every metric again, straight from its definition: loops over samples, no shared code."""

import math

import numpy as np


def sample(seed=0, classes=4, width=6, noise=0.3, largest=9):
    """Small and uneven: unequal classes, string labels in any order, means off the origin."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, largest, classes)
    names = [f"class {chr(ord('d') - c % 4)}{c // 4}" for c in range(classes)]
    labels = np.repeat(names, counts)
    means = dict(zip(dict.fromkeys(labels), 2 + rng.standard_normal((classes, width))))
    x = np.array([means[c] for c in labels]) + noise * rng.standard_normal((len(labels), width))
    order = rng.permutation(len(labels))
    return x[order], labels[order]


def class_means(x, labels):
    means = {}
    for c in sorted(set(labels)):
        rows = [x[i] for i in range(len(x)) if labels[i] == c]
        means[c] = sum(rows) / len(rows)
    return means


def within_covariance(x, labels, means):
    s = 0
    for row, c in zip(x, labels):
        s = s + np.outer(row - means[c], row - means[c])
    return s / len(x)


def between_covariance(x, labels, kind):
    means = class_means(x, labels)
    centre = sum(means.values()) / len(means) if kind == "classes" else sum(x) / len(x)
    s = 0
    for c, mu in means.items():
        weight = list(labels).count(c) / len(x) if kind == "samples" else 1 / len(means)
        s = s + weight * np.outer(mu - centre, mu - centre)
    return s


def nc1(x, labels, kind="classes", around=None, train=None):
    """`train`: (x, labels) whose means and between covariance are used."""
    x_b, labels_b = train or (x, labels)
    sigma_w = within_covariance(x, labels, class_means(x_b, labels_b))
    sigma_b = between_covariance(x_b, labels_b, kind)
    values, vectors = np.linalg.eigh(sigma_b)
    total = 0
    for value, v in zip(values, vectors.T):
        if value > 1e-10 * values[-1]:
            total += v @ sigma_w @ v / value
    return total / len(set(labels_b))


def trace_ratio(x, labels, kind="classes"):
    return (np.trace(within_covariance(x, labels, class_means(x, labels)))
            / np.trace(between_covariance(x, labels, kind)))


def cdnv(x, labels, ddof=0):
    means = class_means(x, labels)
    terms = []
    for a in means:
        for b in means:
            if a != b:
                va, vb = (sum(np.dot(r - means[c], r - means[c])
                              for r, l in zip(x, labels) if l == c)
                          / (list(labels).count(c) - ddof) for c in (a, b))
                terms.append((va + vb) / (2 * np.dot(means[a] - means[b], means[a] - means[b])))
    return sum(terms) / len(terms)


def centred(x, labels):
    means = class_means(x, labels)
    g = sum(means.values()) / len(means)
    return [mu - g for mu in means.values()]


def nc2_norms(x, labels):
    norms = [math.sqrt(v @ v) for v in centred(x, labels)]
    mean = sum(norms) / len(norms)
    return math.sqrt(sum((n - mean) ** 2 for n in norms) / len(norms)) / mean


def cosines(x, labels):
    vs = centred(x, labels)
    return [a @ b / math.sqrt((a @ a) * (b @ b))
            for i, a in enumerate(vs) for b in vs[:i]]


def nc2_angles(x, labels):
    k = len(set(labels))
    values = cosines(x, labels)
    return sum(abs(c + 1 / (k - 1)) for c in values) / len(values)


def gram_distance(vectors, target):
    k = len(vectors)
    gram = [[vectors[i] @ vectors[j] for j in range(k)] for i in range(k)]
    size = math.sqrt(sum(gram[i][j] ** 2 for i in range(k) for j in range(k)))
    ideal = math.sqrt(sum(target[i][j] ** 2 for i in range(k) for j in range(k)))
    return math.sqrt(sum((gram[i][j] / size - target[i][j] / ideal) ** 2
                         for i in range(k) for j in range(k)))


def nc2_etf(x, labels):
    k = len(set(labels))
    return gram_distance(centred(x, labels),
                         [[(i == j) - 1 / k for j in range(k)] for i in range(k)])


def nc2_frame(x, labels):
    k = len(set(labels))
    return gram_distance(list(class_means(x, labels).values()),
                         [[float(i == j) for j in range(k)] for i in range(k)])


def nc3(x, labels, w):
    vs = centred(x, labels)
    size_m = math.sqrt(sum(v @ v for v in vs))
    size_w = math.sqrt(sum(r @ r for r in w))
    return sum(sum((r / size_w - v / size_m) ** 2) for r, v in zip(w, vs))


def nearest(row, means):
    return min(means, key=lambda c: np.dot(row - means[c], row - means[c]))


def nc4(x, labels, w, b):
    means = class_means(x, labels)
    order = list(means)
    misses = 0
    for row in x:
        scores = [wk @ row + bk for wk, bk in zip(w, b)]
        misses += order[scores.index(max(scores))] != nearest(row, means)
    return misses / len(x)


def dnc3(x, labels, w):
    """By least squares: the part of each row that no combination of means explains."""
    basis = np.array(list(class_means(x, labels).values())).T
    rest = 0
    for row in w:
        coefficients = np.linalg.lstsq(basis, row, rcond=None)[0]
        rest += sum((row - basis @ coefficients) ** 2)
    return math.sqrt(rest / sum(r @ r for r in w))


def strong(train, test):
    means = class_means(*train)
    squares = [np.dot(r - means[c], r - means[c]) for r, c in zip(*test)]
    return sum(squares) / len(squares) / np.trace(between_covariance(*train, "classes"))


def weak(train, x):
    means = class_means(*train)
    squares = [min(np.dot(r - mu, r - mu) for mu in means.values()) for r in x]
    return sum(squares) / len(squares) / np.trace(between_covariance(*train, "classes"))
