"""Compile a model in nutpie's public way, where machine code cannot be kept: slower, the same posterior."""

from __future__ import annotations

from dataclasses import dataclass, field

import nutpie

from bayesrefract.inference.progress import Watch
from bayesrefract.model.arrays import ModelArrays
from bayesrefract.model.reported import REPORTED
from bayesrefract.model.structure import Structure


@dataclass
class PublicCompiler:
    """Compiled models per structure, for one run: nothing is kept on disk."""

    ready: dict[Structure, nutpie.sample.CompiledModel] = field(default_factory=dict)

    def model(self, arrays: ModelArrays) -> nutpie.sample.CompiledModel:
        """The compiled model of this structure, holding these data."""
        if arrays.structure not in self.ready:
            self.ready[arrays.structure] = compile_publicly(arrays)
        return _with_data(self.ready[arrays.structure], arrays)

    def announce(self, reason: str, watch: Watch) -> None:
        """Say once in a run why it takes longer."""
        if not self.ready:
            watch.stage(f"Compiling by nutpie's public function, again in every run: {reason}")


def compile_publicly(arrays: ModelArrays) -> nutpie.sample.CompiledModel:
    """The model of these arrays, of PyTensor's own operations, compiled by nutpie."""
    from bayesrefract.model.build import build, strict_arithmetic
    from bayesrefract.model.products import plain_products

    with plain_products():
        model = build(arrays)
    with strict_arithmetic():
        return nutpie.compile_pymc_model(model, var_names=[name for name in REPORTED if name in model.named_vars])


def _with_data(compiled: nutpie.sample.CompiledModel, arrays: ModelArrays) -> nutpie.sample.CompiledModel:
    for name, value in arrays.values.items():
        try:
            compiled = compiled.with_data(**{name: value})
        except KeyError:  # no array that this model reads
            continue
    return compiled
