"""`python -m benchmark`: measure, keep each part as it is finished, and write reports/benchmark.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bayesrefract.files import write_whole
from benchmark.parts import PARTS
from benchmark.process import TOP
from benchmark.write_up import page


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m benchmark", description=__doc__)
    asked.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be repeated")
    asked.add_argument("--quick", action="store_true", help="tiny sizes: shows that everything runs, measures nothing")
    asked.add_argument("--out", type=Path, default=TOP / "reports", help="folder of benchmark.md and benchmark.json")
    chosen = asked.parse_args()
    kept = chosen.out / "benchmark.json"
    found = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for name in chosen.only or PARTS:
        started = time.perf_counter()
        found[name] = PARTS[name](quick=chosen.quick)
        write_whole(kept, json.dumps(found, indent=1) + "\n")
        write_whole(chosen.out / "benchmark.md", page({part: found[part] for part in PARTS if part in found}) + "\n")
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)  # noqa: T201 - its progress


if __name__ == "__main__":
    main()
