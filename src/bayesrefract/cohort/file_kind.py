"""Detect the type of a file from its first bytes, where it is not the expected text."""

from __future__ import annotations

FIRST_BYTES = 8192
PARQUET = b"PAR1"
KINDS = {
    b"PK\x03\x04": ("an Excel workbook or another ZIP archive", "Save the sheet as CSV UTF-8, or unpack the archive."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV UTF-8."),
    b"\x1f\x8b": ("compressed with gzip", "Unpack it, and give the file inside."),
    b"BZh": ("compressed with bzip2", "Unpack it, and give the file inside."),
    b"\xfd7zXZ\x00": ("compressed with xz", "Unpack it, and give the file inside."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Unpack it, and give the file inside."),
    PARQUET: ("a Parquet file", "Rename it so that its name ends in .parquet."),
    b"$FL": ("an SPSS file", "Export it as CSV UTF-8."),
    b"%PDF": ("a PDF", "Save the table as CSV UTF-8."),
    b"\xff\xfe": ("UTF-16 text", "Save it as CSV UTF-8."),
    b"\xfe\xff": ("UTF-16 text", "Save it as CSV UTF-8."),
}


def why_no_text(start: bytes) -> str | None:
    """Type of a file that is not CSV, and the remedy; None where it may be CSV."""
    for mark, (kind, remedy) in KINDS.items():
        if start.startswith(mark):
            return f"this is {kind}, not CSV text. {remedy}"
    if b"\x00" in start:
        return "this is a binary file, not CSV text. Export the records as CSV UTF-8."
    return None


def why_no_parquet(start: bytes) -> str | None:
    """Fault of a file that is named as Parquet; None where it begins as one."""
    if start.startswith(PARQUET):
        return None
    if why_no_text(start) is None:
        return (
            "this is not a Parquet file, although its name ends in .parquet. If it is text, rename it to end in .csv."
        )
    return "this is not a readable Parquet file. Save the records again."
