"""Functions of a PyMC model for the sampler: log density with gradient, and the stored quantities of a draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytensor.tensor as pt
from pymc import pytensorf
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.tensor.variable import TensorVariable

from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.build import build, strict_arithmetic
from bayesrefract.model.reported import REPORTED

type Variables = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Function:
    """A function that PyTensor has translated for numba, and the names of the data it takes after the point."""

    call: Callable[..., Any]
    data: tuple[str, ...]


@dataclass(frozen=True)
class ModelFunctions:
    """`log_density` : point (parameter,) -> value, gradient. `expand` : point -> all `variables` in one vector.

    `variables` : name -> dimensions and their sizes, in the order of the vector. The point is unconstrained.
    """

    log_density: Function
    expand: Function
    n_parameters: int
    variables: Variables


def model_functions(arrays: ModelArrays) -> ModelFunctions:
    """Both functions of the model of these arrays, translated but not yet compiled."""
    built = build(arrays)
    model = freeze_dims_and_data(built, data=())  # sizes are constants, data are not
    point = model.initial_point()
    by_name = {variable.name: variable for variable in model.value_vars}
    inputs = [by_name[variable.name] for variable in built.value_vars]
    reported = [variable for variable in model.unobserved_value_vars if variable.name in REPORTED]
    sizes = {
        variable.name: {dim: len(arrays.coords[dim]) for dim in model.named_vars_to_dims.get(variable.name, ())}
        for variable in reported
    }
    with strict_arithmetic(), model:
        density = model.logp()
        gradient = pt.concatenate([each.ravel() for each in pt.grad(density, inputs)])
        everything = pt.concatenate([variable.ravel() for variable in reported])
        log_density = _translate([density, gradient], point, inputs)
        expand = _translate([everything], point, inputs)
    return ModelFunctions(log_density, expand, sum(value.size for value in point.values()), sizes)


def _translate(outputs: list[TensorVariable], point: dict[str, Any], inputs: list[TensorVariable]) -> Function:
    """Outputs as a function of one joined vector of the inputs."""
    joined, vector = pytensorf.join_nonshared_inputs(point, outputs, inputs)
    function = pytensorf.compile([vector], joined, mode="NUMBA")
    return Function(function.vm.jit_fn, tuple(str(variable.name) for variable in function.get_shared()))
