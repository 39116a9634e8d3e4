"""For those who want to look into the draws: one netCDF file and one page of ArviZ's diagnostics per fit."""

from bayesrefract.report.diagnostics.files import diagnostics_path, posterior_path, write_fit_files
from bayesrefract.report.diagnostics.posterior_file import posterior_bytes

__all__ = ["diagnostics_path", "posterior_bytes", "posterior_path", "write_fit_files"]
