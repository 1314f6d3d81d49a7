"""Certificates of every claim, and changes to them, for the tests of both checkers."""

import copy
import json

from nctheory import Triangular
from nctheory.certify import (
    cell,
    chain,
    compare,
    cost,
    minimal_loss,
    partial_fit,
    threshold,
    to_json,
)
from nctheory.certify.maker import equal_scale, family, identity, polynomial
from nctheory.constructions import Orthogonal

SAMPLES = {
    "cell": [cell(6, 3, 2), cell(4, 2, 2), cell(4, 2, 3), cell(7, 4, 5), cell(5, 3, 2)],
    "threshold": [threshold(11, 3), threshold(9, 3), threshold(5, 4)],
    "chain": [chain(3, 4), chain(7, 3), chain(12, 5)],
    "cost": [cost(4, 5), cost(2, 3), cost(15, 2), cost(11, 3)],
    "partial fit": [partial_fit(5, 2), partial_fit(4, 3), partial_fit(8, 2)],
    "minimal loss": [minimal_loss(Orthogonal(classes=10), 4),
                     minimal_loss(Triangular(vertices=5, subset=3), 3, samples=3),
                     minimal_loss(Orthogonal(classes=4), 1, weight_decay="1/100"),
                     minimal_loss(Orthogonal(classes=4), 2, weight_decay="1/3")],
    "cross-entropy": [compare("pairs", "dnc", 10, 2, samples=5, weight_decay="1/1024"),
                      compare("pairs", "dnc", 4, 2), compare("dnc", "pairs", 7, 3),
                      compare("relu pairs", "dnc", 15, 4, weight_decay="1/100000"),
                      compare("pairs", "dnc", 6, 2, weight_decay="2")],
    "identity": [identity("(x + 1)**2/(x + 1)", "x + 1")],
    "polynomial": [polynomial("u**2 + 3*u*t + 1"), polynomial("u*t", strict=False)],
    "triangular family": [family("5+u+t", "3+u", "3+", "below"), family("4+u", "2", "3", "above"),
                          family("6+2*u", "3+u", "2", "below")],
    "equal scale": [equal_scale("pairs", "4+u", "3+", "below"),
                    equal_scale("relu pairs", "4", "2+", "above")],
}


def plain(certificates):
    return json.loads(to_json(certificates))["certificates"]


def leaves(value, path=()):
    """The paths of all strings in a certificate, and of all values in it."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def put(certificate, path, value):
    changed = copy.deepcopy(certificate)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed
