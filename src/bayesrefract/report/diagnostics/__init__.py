"""For those who want to look into the draws: one netCDF file and one page of ArviZ's diagnostics per fit."""

from bayesrefract.report.diagnostics.posterior_file import fit_name, posterior_bytes

__all__ = ["fit_name", "posterior_bytes"]
