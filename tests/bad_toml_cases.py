"""Faults of study and model files: a line of a good file, and what stands in its place.

The ids are those of docs/bad-input.md.
"""

from __future__ import annotations


def control(question: str, group: str, reference: str) -> str:
    """A [[control]] before the rule."""
    return (
        f'[[control]]\nquestion = "{question}"\ncontrast = ["{group}", "{reference}"]\nexpect = "different"\n'
        'reason = "A placebo."\n\n[rule]'
    )


STUDY_CHANGES = {
    "study-unknown-key": ('title = "A trial"', 'titel = "A trial"'),
    "study-unknown-table": ("[rule]", "[rul]"),
    "study-wrong-type": ('title = "A trial"', "title = 3"),
    "study-unknown-unit": ('"months"', '"fortnights"'),
    "study-name-with-a-slash": ('name = "trial"', 'name = "../trial"'),
    "study-name-too-long": ('name = "trial"', f'name = "{"a" * 300}"'),
    "study-no-models": ('["primary", "wide"]', "[]"),
    "study-model-twice": ('["primary", "wide"]', '["wide", "wide"]'),
    "study-unknown-kind-of-records": ("patients.csv", "patients.xlsx"),
    "study-simulated-without-saying-so": ("patients.csv", "simulated:x"),
    "study-seed-without-simulation": ('evidence = "p', 'seed = 3\nevidence = "p'),
    "study-bad-hash": ('evidence = "p', 'sha256 = "abc"\nevidence = "p'),
    "study-one-level": ('["control", "treated"]', '["control"]'),
    "study-level-twice": ('["control", "treated"]', '["control", "control", "treated"]'),
    "study-code-of-an-unknown-level": ('"1" = "treated"', '"1" = "treatd"'),
    "study-level-without-a-code": (', "1" = "treated"', ""),
    "study-unknown-reference": ('reference = "control"', 'reference = "contrl"'),
    "study-group-against-itself": ('reference = "control"', 'reference = "treated"'),
    "study-no-primary-contrast": ("primary = true\n", ""),
    "study-population-of-an-unknown-level": ("symptom = 0", 'arm = "placebo"'),
    "study-reversed-range": ("low = 18, high = 65", "low = 65, high = 18"),
    "study-not-a-range": ("low = 18, high = 65", "min = 18"),
    "study-population-twice": ('name = "adults"', 'name = "all"'),
    "study-question-twice": ('name = "os"', 'name = "pfs"'),
    "study-time-is-event": ('event = "pfs_event"', 'event = "pfs_months"'),
    "study-unknown-set": ('adjust = "paper"', 'adjust = "papr"'),
    "study-no-window": ('estimand = "hazard_ratio"', 'estimand = "hazard_ratio_throughout"'),
    "study-window-of-an-average": ('estimand = "hazard_ratio"', 'estimand = "hazard_ratio"\nwindow = [0, 24]'),
    "study-window-reversed": (
        'estimand = "hazard_ratio"',
        'estimand = "hazard_ratio_throughout"\nwindow = [24, 0]',
    ),
    "study-no-horizon": ("horizon = 60\n", ""),
    "study-horizon-below-0": ("horizon = 60", "horizon = -60"),
    "study-margin-beyond-the-horizon": ("low = -2\nhigh = 2", "low = -2\nhigh = 40"),
    "study-reserved-set": ("[adjust]", "[adjust]\nnone = []"),
    "study-group-as-covariate": ('["age", "site"]', '["age", "site", "arm"]'),
    "study-covariate-twice": ('["age", "site"]', '["age", "site", "age"]'),
    "study-step-of-an-unknown-column": ("{ age = 10 }", "{ agee = 10 }"),
    "study-unknown-category": ('unordered = ["site"]', 'unordered = ["sites"]'),
    "study-no-source": ('source = "Agreed by the steering committee."\n', ""),
    "study-empty-source": ('"Agreed by the steering committee."', '" "'),
    "study-date-in-the-future": ("declared_on = 2020-03-01", "declared_on = 2999-03-01"),
    "study-evidence-not-stated": ('evidence = "patients"', 'evidence = "not_stated"'),
    "study-censoring-code-is-the-event": ("event_value = 2", "event_value = 2\ncensor_values = [1, 2]"),
    "study-unknown-event-at-zero": ("event_value = 2", 'event_value = 2\nevent_at_zero = "drop"'),
    "study-missing-is-no-list": ('strata = ["country"]', 'strata = ["country"]\nmissing = "."'),
    "study-no-date": ("declared_on = 2020-03-01\n", ""),
    "study-quoted-date": ("declared_on = 2020-03-01", 'declared_on = "2020-03-01"'),
    "study-before-data-in-words": ("before_data = true\n", 'before_data = "yes"\n'),
    "study-reversed": ("low = 0.80\nhigh = 1.25", "low = 1.25\nhigh = 0.8"),
    "study-not-around-1": ("low = 0.80", "low = 1.05"),
    "study-touches-1": ("high = 1.25", "high = 1"),
    "study-ratio-of-0": ("low = 0.80", "low = 0.0"),
    "study-infinite": ("high = 1.25", "high = inf"),
    "study-text": ("low = 0.80", 'low = "0.80"'),
    "study-not-around-0": ("low = -2", "low = 1"),
    "study-only-a-sensitivity-rope": ('estimand = "hazard_ratio"', 'estimand = "hazard_ratio"\nrole = "sensitivity"'),
    "study-two-primary-ropes": (
        'estimand = "rmst_difference"\nlow = -2\nhigh = 2\nrole = "sensitivity"',
        'estimand = "hazard_ratio"\nlow = 0.5\nhigh = 2.0',
    ),
    "study-unknown-population": ("horizon = 36", 'horizon = 36\npopulations = ["grown_ups"]'),
    "study-unknown-model-of-a-question": ("horizon = 36", 'horizon = 36\nmodels = ["primry"]'),
    "study-no-model-in-common": (
        'name = "all"\n',
        'name = "all"\nmodels = ["wide"]\n\n[[question]]\nname = "ttp"\ntime = "ttp_months"\nevent = "ttp_event"\n'
        'horizon = 36\nmodels = ["primary"]\npopulations = ["all"]\n',
    ),
    "study-rope-of-an-unknown-question": (
        'role = "sensitivity"\nsource = "Two months."',
        'role = "sensitivity"\nquestions = ["pfs2"]\nsource = "Two months."',
    ),
    "study-printed-without-a-paper": ("horizon = 36", 'horizon = 36\nprinted = { setting = "s", endpoint = "pfs" }'),
    "study-two-entries": ("horizon = 60", 'horizon = 60\nclock_start = "relapse"'),
    "study-label-of-an-unknown-set": ("[adjust]", '[adjust_labels]\npapr = "as printed"\n[adjust]'),
    "study-unknown-extension": ('evidence = "p', 'extension = "lenalidomid"\nevidence = "p'),
    "study-old-histories": ('evidence = "p', 'histories = "lenalidomide"\nevidence = "p'),
    "study-no-published-file": (
        "[rule]",
        '[published]\nsource = "A paper"\nestimates = "e.csv"\ncounts = "c.csv"\nconclusion = "Alike."\n'
        'conclusion_where = "abstract"\n[rule]',
    ),
    "study-table-twice": (
        "[rule]",
        '[[table]]\nname = "t"\ntitle = "T"\ncolumns = ["age"]\n' * 2 + "[rule]",
    ),
    "study-no-threshold": ("threshold = 0.95\n", ""),
    "study-unused-threshold": ('name = "probability"', 'name = "interval"'),
    "study-one-sided-without-harm": ('harm = "more_events"', 'side = "one_sided"'),
    "study-unknown-harm": ('"more_events"', '"more"'),
    "study-side-beside-harm": ('harm = "more_events"', 'harm = "more_events"\nside = "above"'),
    "study-side-of-a-difference": ('harm = "more_events"', 'side = "above"'),
    "study-claim-of-one": ("horizon = 36", 'horizon = 36\nclaim = ["hazard_ratio"]'),
    "study-claim-twice": ("horizon = 36", 'horizon = 36\nclaim = ["hazard_ratio", "hazard_ratio"]'),
    "study-claim-of-something-else": ("horizon = 36", 'horizon = 36\nclaim = ["hazard_ratio", "median"]'),
    "study-claim-without-range": ("horizon = 36", 'horizon = 36\nclaim = ["hazard_ratio", "rmst_difference"]'),
    "study-two-confirmatory": (
        "horizon = 36",
        'confirmatory = true\nhorizon = 36\n\n[[question]]\nname = "ttp"\ntime = "ttp_months"\nevent = "ttp_event"\n'
        "horizon = 36\nconfirmatory = true",
    ),
    "study-control-of-no-question": ("[rule]", control("pfs2", "treated", "control")),
    "study-control-of-no-contrast": ("[rule]", control("pfs", "control", "treated")),
    "study-control-of-itself": ("[rule]", control("pfs", "treated", "control")),
    "study-control-that-is-alike": ("[rule]", control("pfs", "treated", "control").replace("different", "equivalent")),
    "study-level-of-a-half": ("level = 0.9\n", "level = 0.5\n"),
    "study-level-of-95": ("level = 0.9\n", "level = 95\n"),
    "study-table-for-a-list": ('[[question]]\nname = "os"', '[os]\nname = "os"'),
    "study-two-primary-contrasts": (
        "primary = true\n",
        'primary = true\n\n[[contrast]]\ngroup = "treated"\nreference = "treated2"\nprimary = true\n',
    ),
    "study-contrast-twice": (
        "primary = true\n",
        'primary = true\n\n[[contrast]]\ngroup = "control"\nreference = "treated"\n',
    ),
    "study-no-contrast": ('[[contrast]]\ngroup = "treated"\nreference = "control"\nprimary = true\n', ""),
    "study-list-for-a-table": ("[rule]", "[[rule]]"),
    "study-one-table-for-a-list": ("[[contrast]]", "[contrast]"),
    "study-empty-condition": ("symptom = 0", "symptom = []"),
    "study-conditions-in-words": (
        'where = { age = { low = 18, high = 65 }, symptom = 0, country = ["FR", "NL"], consented = true }',
        'where = "adults"',
    ),
    "study-margin-of-1": (
        'estimand = "rmst_difference"\nlow = -2\nhigh = 2',
        'estimand = "survival_difference"\nlow = -2\nhigh = 2',
    ),
    "study-text-that-does-not-print": ('title = "A trial"', 'title = "A\\u0007 trial"'),
}

BASED = 'title = "Mine"\npurpose = "A test."\n'
"""What every model file gives for itself."""
OTHER = 'base = "primary"\n' + BASED

MODELS_WITH_BASES = {
    "model-unknown-base": {"mine.toml": 'base = "primry"\n' + BASED},
    "model-base-of-before": {"mine.toml": 'base = "fine"\n' + BASED},
    "model-no-base-file": {"mine.toml": 'base = "other.toml"\n' + BASED},
    "model-base-in-numbers": {"mine.toml": "base = 3\n" + BASED},
    "model-empty-base": {"mine.toml": 'base = " "\n' + BASED},
    "model-its-own-base": {"mine.toml": 'base = "mine.toml"\n' + BASED},
    "model-circle-of-bases": {
        "mine.toml": 'base = "other.toml"\n' + BASED,
        "other.toml": 'base = "./mine.toml"\n' + BASED,
    },
    "model-faulty-base": {
        "mine.toml": 'base = "other.toml"\n' + BASED,
        "other.toml": OTHER + "[sampler]\nchains = 1\n",
    },
    "model-base-not-toml": {"mine.toml": 'base = "other.toml"\n' + BASED, "other.toml": "title = Other\n"},
    "model-no-title-of-its-own": {"mine.toml": 'base = "primary"\npurpose = "A test."\n'},
    "model-key-of-the-bases-kind": {
        "mine.toml": 'base = "primary"\n' + BASED + '[baseline]\nkind = "independent"\nlevel_sd = 1.0\n'
    },
    "model-base-with-nothing-to-exchange": {"mine.toml": 'base = "unadjusted"\n' + BASED + "exchangeable = true\n"},
    "model-ratio-by-time-in-one-interval": {"mine.toml": OTHER + "hr_by_time = true\n[intervals]\ncuts = []\n"},
    "model-exchangeable-twice": {"mine.toml": OTHER + 'exchangeable = ["sex", "sex"]\n'},
    "model-scale-of-nothing-shared": {"mine.toml": OTHER + "[prior]\nexchangeable_scale = { sex = 0.3 }\n"},
    "model-scale-of-another-covariate": {
        "mine.toml": OTHER + 'exchangeable = ["sex"]\n[prior]\nexchangeable_scale = { age = 0.3 }\n'
    },
}
"""Files beside each other: mine.toml is the one that is asked for."""

MODEL_CHANGES = {
    "model-unknown-key": ('adjust = "question"', 'adjst = "question"'),
    "model-no-purpose": ('purpose = "A test."\n', ""),
    "model-unknown-kind": ('"independent"', '"weibull"'),
    "model-by-group-walking": ('"independent"', '"random_walk"'),
    "model-unused-scale": ("shape = 1.0", "level_sd = 1.0"),
    "model-rate-without-unit": ('rate_unit = "weeks"\n', ""),
    "model-unit-without-rate": ("rate = 1.0\n", ""),
    "model-negative-shape": ("shape = 1.0", "shape = -1.0"),
    "model-unknown-prior": ("{ hr95 = [0.25, 4] }", '"skeptical"'),
    "model-custom-without-bounds": ("{ hr95 = [0.25, 4] }", '"custom"'),
    "model-reversed-prior": ("[0.25, 4]", "[4, 0.25]"),
    "model-prior-beside-1": ("[0.25, 4]", "[1.1, 4]"),
    "model-one-bound": ("[0.25, 4]", "[0.25]"),
    "model-no-scale": ("[0.25, 4] }", "[0.25, 4] }\ncontinuous_sd = 0"),
    "model-vast-scale": (
        'kind = "independent"\nshape = 1.0\nrate = 1.0\nrate_unit = "weeks"\nby_group = true',
        'kind = "random_walk"\nlevel_sd = 1e300',
    ),
    "model-vast-shape": ("shape = 1.0", "shape = 1e300"),
    "model-vast-rate": ("rate = 1.0", "rate = 1e300"),
    "model-falling-cuts": ("cuts = []", "cuts = [3, 2]"),
    "model-cut-at-0": ("cuts = []", "cuts = [0, 2]"),
    "model-one-chain": ("chains = 2", "chains = 1"),
    "model-half-a-draw": ("draws = 500", "draws = 0.5"),
    "model-more-draws-than-allowed": ("draws = 500", "draws = 30000"),
    "model-ratio-by-time-and-by-group": ('adjust = "question"', 'adjust = "question"\nhr_by_time = true'),
    "model-nothing-to-exchange": ('adjust = "question"', 'adjust = "none"\nexchangeable = true'),
}

MODELS_OF_OTHER_COVARIATES = {
    "model-exchangeable-unknown": OTHER + 'exchangeable = ["sx"]\n',
    "model-exchangeable-number": OTHER + 'exchangeable = ["age"]\n',
    "model-scale-of-no-covariate": OTHER + "exchangeable = true\n[prior]\nexchangeable_scale = { site = 0.3 }\n",
}
"""Good files that do not fit the covariates of the question."""
