"""`bayesrefract models`: the answers that can be tried."""

from __future__ import annotations

import typer


def models() -> None:
    """List the models and what each is for."""
    from bayesrefract.plan_file import list_plans

    plans = list_plans()
    width = max(len(plan.name) for plan in plans)
    for plan in plans:
        typer.echo(f"{plan.name:<{width}}  {plan.title}\n{'':<{width}}  {plan.purpose}")
