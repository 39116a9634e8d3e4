"""A good study file and a good model file, for tests that change a line of them.

Import as `from toml_examples import MODEL, STUDY`.
"""

STUDY = """
[study]
name = "trial"
title = "A trial"
time_unit = "months"
records = "patients.csv"
evidence = "patients"
models = ["primary", "wide"]

[columns]
id = "patient"
group = "arm"
unordered = ["site"]
strata = ["country"]
per = { age = 10 }

[groups]
levels = ["control", "treated"]
codes = { "0" = "control", "1" = "treated" }

[[contrast]]
group = "treated"
reference = "control"
primary = true

[[population]]
name = "all"

[[population]]
name = "adults"
label = "adults without symptoms"
where = { age = { low = 18, high = 65 }, symptom = 0, country = ["FR", "NL"], consented = true }

[[question]]
name = "pfs"
label = "Progression-free survival"
time = "pfs_months"
event = "pfs_event"
horizon = 36
adjust = "paper"

[[question]]
name = "os"
time = "os_months"
event = "os_status"
event_value = 2
entry = "entry_months"
administrative_end = "cut_off"
horizon = 60

[adjust]
paper = ["age", "site"]

[[rope]]
estimand = "hazard_ratio"
low = 0.80
high = 1.25
source = "Agreed by the steering committee."
declared_on = 2020-03-01
before_data = true

[[rope]]
estimand = "rmst_difference"
low = -2
high = 2
role = "sensitivity"
source = "Two months."
declared_on = 2020-03-01
before_data = true

[rule]
name = "probability"
level = 0.9
threshold = 0.95
harm = "more_events"
"""

MODEL = """
title = "A model"
purpose = "A test."
adjust = "question"

[baseline]
kind = "independent"
shape = 1.0
rate = 1.0
rate_unit = "weeks"
by_group = true

[prior]
group = { hr95 = [0.25, 4] }

[intervals]
cuts = []

[sampler]
chains = 2
draws = 500
"""
