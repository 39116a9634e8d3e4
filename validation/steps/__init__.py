"""The steps of the validation, in the order in which they run: a module each, with one function `step`."""

from __future__ import annotations

from collections.abc import Mapping

from validation.step import Step
from validation.steps import agreement, calibration, claims, fault_gate, fuzz, mutations, proportionality

MODULES = (agreement, fault_gate, calibration, proportionality, claims, fuzz, mutations)

STEPS: Mapping[str, Step] = {step.name: step for step in (module.step() for module in MODULES)}
