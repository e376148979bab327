"""Values that remember how they came about: steps, their elements spelled out, and whole derivations."""

from pellucid.derivation.axis import Axis
from pellucid.derivation.build import Builder, Carry, derive
from pellucid.derivation.derivation import Derivation, Drift, Subject
from pellucid.derivation.recorder import (
    Axes,
    AxesOf,
    Computing,
    Joined,
    Noting,
    Record,
    Recorder,
    V,
    Value,
    joined_arrays,
    resolved,
)
from pellucid.derivation.step import Entry, Step

__all__ = [
    "Axes",
    "AxesOf",
    "Axis",
    "Builder",
    "Carry",
    "Computing",
    "Derivation",
    "Drift",
    "Entry",
    "Joined",
    "Noting",
    "Record",
    "Recorder",
    "Step",
    "Subject",
    "V",
    "Value",
    "derive",
    "joined_arrays",
    "resolved",
]
