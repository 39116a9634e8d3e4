"""Detect the type of a file from its first bytes, where it is not the expected text."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Protocol


class _Unpacker(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


FIRST_BYTES = 8192
PARQUET = b"PAR1"
R_FILE = "In R: write.csv(data, file, row.names = FALSE)."
SAS = "In SAS: proc export with dbms=csv; in Python: pandas.read_sas, with its zeros set to 0."
KINDS = {
    b"PK\x03\x04": ("an Excel workbook or another ZIP archive", "Save the sheet as CSV UTF-8, or unpack the archive."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save the sheet as CSV UTF-8."),
    b"\x1f\x8b": ("compressed with gzip", "Unpack it, and give the file inside."),
    b"BZh": ("compressed with bzip2", "Unpack it, and give the file inside."),
    b"\xfd7zXZ\x00": ("compressed with xz", "Unpack it, and give the file inside."),
    b"\x28\xb5\x2f\xfd": ("compressed with zstd", "Unpack it, and give the file inside."),
    PARQUET: ("a Parquet file", "Rename it so that its name ends in .parquet."),
    b"HEADER RECORD*******": ("a SAS transport file", SAS),
    bytes(12) + b"\xc2\xea\x81\x60": ("a SAS data set", SAS),
    b"<stata_dta>": ("a Stata file", "In Stata: export delimited."),
    b"RDX": ("an R workspace", R_FILE),
    b"RDA": ("an R workspace", R_FILE),
    b"X\n\x00": ("an R file", R_FILE),
    b"A\n3\n": ("an R file", R_FILE),
    b"A\n2\n": ("an R file", R_FILE),
    b"ARROW1": ("a Feather file", "Save the table as Parquet or CSV UTF-8."),
    b"\x89HDF": ("an HDF5 file", "Save the table as CSV UTF-8."),
    b"$FL": ("an SPSS file", "Export it as CSV UTF-8."),
    b"%PDF": ("a PDF", "Save the table as CSV UTF-8."),
    b"\xff\xfe": ("UTF-16 text", "Save it as CSV UTF-8."),
    b"\xfe\xff": ("UTF-16 text", "Save it as CSV UTF-8."),
}

UNPACKERS: dict[bytes, Callable[[], _Unpacker]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lzma.LZMADecompressor,
}


def why_no_text(start: bytes) -> str | None:
    """Type of a file that is not CSV, and the remedy; None where it may be CSV."""
    inside = _unpacked(start)
    if inside.startswith((b"RDX", b"RDA", b"X\n\x00", b"A\n2\n", b"A\n3\n")):
        return f"this is a compressed R file, not CSV text. {R_FILE}"
    for mark, (kind, remedy) in KINDS.items():
        if start.startswith(mark):
            return f"this is {kind}, not CSV text. {remedy}"
    if b"\x00" in start:
        return "this is a binary file, not CSV text. Export the records as CSV UTF-8."
    return None


def _unpacked(start: bytes) -> bytes:
    """The first bytes inside of a compressed file; none where it is not compressed in a way that R uses."""
    for mark, make in UNPACKERS.items():
        if start.startswith(mark):
            try:
                return make().decompress(start, 16)
            except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError):
                return b""
    return b""


def why_no_parquet(start: bytes) -> str | None:
    """Fault of a file that is named as Parquet; None where it begins as one."""
    if start.startswith(PARQUET):
        return None
    if why_no_text(start) is None:
        return (
            "this is not a Parquet file, although its name ends in .parquet. If it is text, rename it to end in .csv."
        )
    return "this is not a readable Parquet file. Save the records again."
