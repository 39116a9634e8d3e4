"""From draws and a ROPE to a verdict."""

from bayesrefract.equivalence.decision import decide, too_close
from bayesrefract.equivalence.gates import gates
from bayesrefract.equivalence.verdict import Verdict, VerdictWord

__all__ = ["Verdict", "VerdictWord", "decide", "gates", "too_close"]
