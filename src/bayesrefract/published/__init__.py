"""What printed ratios alone can say about equivalence: posterior, verdict, and whether a verdict was possible."""

from bayesrefract.published.assess import Assessment, Terms, assess, assess_normal
from bayesrefract.published.contrast import Against, contrast
from bayesrefract.published.pool import Pooled, pool
from bayesrefract.published.posterior import Mixture

__all__ = ["Against", "Assessment", "Mixture", "Pooled", "Terms", "assess", "assess_normal", "contrast", "pool"]
