"""What the models of the JSON share: strict frozen objects, numbers that may be null, estimates with limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def plain(value: Any) -> Any:
    """The same value in JSON's own types; a number that is not finite becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(each) for each in value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


Number = Annotated[float | None, BeforeValidator(plain)]
Count = Annotated[int, BeforeValidator(plain)]
Limits = tuple[Number, Number]
"""Lower and upper limit."""

Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
SHA256 = "SHA-256, 64 hexadecimal digits"


class Part(BaseModel):
    """An object of the JSON. Every field is described in the published schema."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class EstimateWithLimits(Part):
    """An estimate with its 95% limits; which kind of limits, the place it stands at says."""

    estimate: Number = Field(description="Point estimate; null where it is not reached or cannot be computed.")
    low: Number = Field(description="Lower 95% limit; null where it is not reached or cannot be computed.")
    high: Number = Field(description="Upper 95% limit; null where it is not reached or cannot be computed.")
