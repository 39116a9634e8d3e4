"""The ECDF of the ranks of each structure within its simultaneous envelope, drawn by ArviZ."""

from __future__ import annotations

from io import BytesIO

import xarray as xr

from bayesrefract.report.diagnostics.pictures import plain_matplotlib
from validation.calibration.judge import Found, envelope

COLUMNS, DOTS = 4, 70


def picture(found: Found) -> bytes:
    """PNG: a panel per quantity, the difference of its ECDF from the uniform one, and the envelope that is judged by.

    The envelope is drawn from the values that decide; ArviZ 1.3.2 cannot draw it itself (its method "envelope" takes
    a data array for a number).
    """
    import arviz_plots as azp
    from matplotlib import pyplot

    pits = xr.Dataset({name: (("chain", "draw"), values[None]) for name, values in found.pits.items()})
    points, lower, upper = envelope(found.sets)
    rows, content = -(-len(found.pits) // COLUMNS), BytesIO()
    with plain_matplotlib():
        drawn = azp.plot_ecdf_pit(
            xr.DataTree.from_dict({"prior_sbc": pits}),
            backend="matplotlib",
            col_wrap=COLUMNS,
            figure_kwargs={"figsize": (10, 0.5 + 1.7 * rows), "layout": "constrained"},
            visuals={"p_value_text": False, "suspicious_points": False, "xlabel": {"text": "Rank, 0 to 1"}},
        )
        figure = drawn.get_viz("figure")
        for axes in figure.axes[: len(found.pits)]:
            axes.fill_between(points, lower - points, upper - points, step="post", color="0.85", zorder=0)
        figure.savefig(content, format="png", dpi=DOTS, metadata={"Software": None}, pil_kwargs={"optimize": True})
        pyplot.close(figure)
    return content.getvalue()
