"""Where a reader finds how often the rule is wrong, with a link where the project has an address."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata

from bayesrefract.report.page.parts import Block, Link

QUESTION = "How often is this rule wrong?"
ANSWER = "reports/validation/claims.md"
"""Within the sources of the project."""


def how_often_wrong(address: str | None) -> Block:
    """The question with its link; without an address of the project, with the name of the file.

    address : where the sources can be seen, without an end of a path.
    """
    counted = (
        f"{QUESTION} In simulated trials whose truth is known, from patients to verdict: how often a verdict is "
        "withheld though nothing is wrong, how often groups whose hazard ratio is the range's own bound are called "
        "equivalent, and what becomes of hazard ratios that change or cross."
    )
    if address is None:
        text = f"{counted} The counts are in {ANSWER}, which comes with the sources of this program."
        return Block("how-often-wrong", "", paragraphs=(text,))
    return Block("how-often-wrong", "", paragraphs=(counted,), links=(Link(f"{address}/blob/HEAD/{ANSWER}", QUESTION),))


def project_address() -> str | None:
    """The `Source` address that the package was built with; None without one, or where it is not installed."""
    try:
        addresses = metadata("bayesrefract").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return None
    named = dict(each.split(", ", 1) for each in addresses if ", " in each)
    return named.get("Source")
