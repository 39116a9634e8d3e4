"""The posterior as one bar: how much of it lies below, inside and above the ROPE."""

from __future__ import annotations

from bayesrefract.equivalence import Verdict, VerdictWord
from bayesrefract.figures.ratios import PLACE_COLOURS, PLACES
from bayesrefract.figures.style import PAPER, SMALL, WIDTH, Picture, axes_at, new_figure, picture, slug, styled
from bayesrefract.findings import Findings
from bayesrefract.numerals import mass
from bayesrefract.table import Table, columns
from bayesrefract.words import estimand_name, range_text

RIM = 0.08


@styled
def probability_bar(findings: Findings, verdict: Verdict) -> Picture:
    """P below, inside and above as one stacked bar, each written over its place.

    Raises ValueError for a withheld verdict, which shows no number.
    """
    if verdict.word is VerdictWord.WITHHELD:
        raise ValueError("a withheld verdict shows no probabilities")
    shares = (verdict.p_below, verdict.p_inside, verdict.p_above)
    texts = [mass(share, verdict.ess_bulk) for share in shares]
    figure = new_figure(0.95)
    axes = axes_at(figure, RIM, 0.08, WIDTH - 2 * RIM, 0.3)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    start = 0.0
    for share, colour in zip(shares, PLACE_COLOURS, strict=True):
        axes.barh(0.5, share, left=start, height=1.0, color=colour, edgecolor=PAPER, linewidth=0.8, alpha=0.75)
        start += share
    for name, text, place, align in zip(PLACES, texts, (0.0, 0.5, 1.0), ("left", "center", "right"), strict=True):
        axes.text(place, 1.25, f"{name} {text}", ha=align, weight="bold", fontsize=SMALL + 0.5)
    region, quantity = range_text(verdict, findings.question), estimand_name(verdict.estimand, findings.question)
    pair = f"{verdict.group} vs {verdict.reference}"
    caption = f"Posterior probability that the {quantity} of {pair} lies below, inside and above the ROPE {region}."
    alt = (
        f"Probability {texts[0]} below, {texts[1]} inside and {texts[2]} above the ROPE {region} ({quantity}, {pair})."
    )
    rows = tuple(zip(("Below", "Inside", "Above"), texts, strict=True))
    table = Table(f"Where the posterior lies, ROPE {region}", columns("Place", numbers=("Probability",)), rows)
    kind = f"bar-{slug(verdict.estimand.value)}-{verdict.rope.role}-{slug(f'{verdict.group}/{verdict.reference}')}"
    return picture(figure, findings, kind, caption, alt, table)
