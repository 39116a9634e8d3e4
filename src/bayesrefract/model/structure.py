"""What two fits must have in common to share one compilation: kinds, and numbers of parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayesrefract.study.model import BaselineKind, StrataKind


@dataclass(frozen=True)
class Structure:
    """Sizes and kinds that must be equal for two fits to share one compilation.

    `n_effects`: effects that are constant in a cell, those of the groups first. `n_columns`: of the covariates.
    `changing`: the hazard ratio may change from interval to interval.
    """

    kind: BaselineKind
    strata: StrataKind
    flat: bool
    changing: bool
    n_groups: int
    n_effects: int
    n_columns: int
    n_spreads: int
    n_strata: int
    n_intervals: int

    def padded(self) -> Structure:
        """The next common size: generous where it is cheap. Flat priors cannot be padded (improper).

        A changing hazard ratio has a parameter per group and interval, so that groups are padded less.
        """
        return replace(
            self,
            n_groups=self.n_groups if self.flat else _next_size(self.n_groups, 2 if self.changing else 8),
            n_effects=self.n_effects if self.flat else _next_size(self.n_effects, 8),
            n_columns=_next_size(self.n_columns, 16),
            n_spreads=_next_size(self.n_spreads, 4),
            n_strata=_next_size(self.n_strata, 2) if self.n_strata > 1 else 1,
            n_intervals=_next_size(self.n_intervals, 24),
        )


def _next_size(size: int, step: int) -> int:
    return max(step, int(2 ** np.ceil(np.log2(max(size, 1) / step))) * step)
