"""Columns of a cohort whose rows are histories, and the words that each may hold."""

from __future__ import annotations

FLAGS = ("egfr_below_60", "first_line_asct", "pi_or_daratumumab_refractory", "second_line_asct", "retreated")
"""0 or 1, never empty."""
OUTCOMES = {"second_line": "second line", "retreatment": "retreatment"}
"""Middle of the outcome columns' names -> words."""
LESIONS = ("t_4_14", "t_14_16", "t_14_20", "del_17p", "gain_1q")
UNKNOWN_FLAGS = ("iss_stage_iii", *LESIONS, "fish_high_risk")
"""0, 1, or empty where unknown."""
SIZES = ("single_agent", "doublet", "triplet", "quadruplet", "five_or_more")
LEVELS = {
    "refractoriness": ("not_refractory", "low_dose", "standard_dose"),
    "sex": ("female", "male", ""),
    "m_protein_isotype": ("IgG", "IgA", "light_chain_only", "other_or_not_available"),
    "first_line_regimen_size": SIZES,
    "second_line_regimen_class": ("daratumumab", "pi", "pi_imid", "imid", "vdtpace", "other"),
}
CLASSES_AGAIN = ("r_or_rd", "r_daratumumab", "r_pi", "r_elotuzumab", "other")
RETREATMENT_FLAGS = (
    "retreatment_is_second_line",
    "retreatment_asct",
    "pfs_retreatment_event",
    "os_retreatment_event",
)
RETREATMENT_MONTHS = ("months_first_relapse_to_retreatment", "pfs_retreatment_months", "os_retreatment_months")
RETREATMENT = (*RETREATMENT_FLAGS, *RETREATMENT_MONTHS, "retreatment_regimen_class")
"""Empty where `retreated` is 0, and only there."""
MONTHS = ("months_diagnosis_to_first_relapse", "pfs_second_line_months", "os_second_line_months")
EVENTS = ("pfs_second_line_event", "os_second_line_event")
SAME_THERAPY = {
    "daratumumab": ("r_daratumumab", "other"),
    "pi": ("r_pi", "other"),
    "pi_imid": ("r_pi", "other"),
    "imid": ("r_or_rd", "r_elotuzumab", "other"),
    "vdtpace": ("other",),
    "other": ("other",),
}
"""Class of second line -> classes of retreatment, where both are one therapy.

`other` beside imid: lenalidomide with a drug that has no class of its own, such as cyclophosphamide.
"""
HISTORY_COLUMNS = {
    "lenalidomide": (
        "patient_id",
        *LEVELS,
        "age_years",
        *FLAGS,
        *UNKNOWN_FLAGS,
        *MONTHS,
        *EVENTS,
        *RETREATMENT,
    )
}
"""Kind of history -> its columns."""
