"""All options that a command needs and was not given, in one message with an example."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperCommand

EXAMPLES = {
    "compare": (
        "bayesrefract compare trial.csv --time months --event died --group arm --reference control --unit months "
        '--rope 0.80 1.25 --rope-source "protocol 9.2"'
    ),
    "published": 'bayesrefract published --hr 0.99 --ci 0.73 1.33 --rope 0.80 1.25 --rope-source "protocol 9.2"',
}


class Complete(TyperCommand):
    """A command that names every missing option at once, instead of one a run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given, rest = list(args), []
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as problem:
            if type(problem).__name__ != "MissingParameter":  # typer exports its base only
                raise
            example = EXAMPLES.get(self.name or "")
            ctx.fail(f"Missing {', '.join(self._missing(ctx, given))}.{f' For example: {example}' if example else ''}")
        return rest

    def _missing(self, ctx: Any, given: list[str]) -> list[str]:
        """Required parameters without a value, as the help writes them."""
        values, _, _ = self.make_parser(ctx).parse_args(given)
        return [
            _as_typed(parameter)
            for parameter in self.get_params(ctx)
            if parameter.required and not values.get(parameter.name or "")
        ]


def _as_typed(parameter: Any) -> str:
    """An option with what is to be given, or the name of an argument."""
    name = str(parameter.opts[0])
    value = parameter.metavar or ("" if name.startswith("-") else name.upper())
    return f"{name} {value}".rstrip() if name.startswith("-") else str(value)
