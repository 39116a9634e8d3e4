"""Good input, small enough to be run thousands of times: what is spoilt."""

from __future__ import annotations

from validation.fuzzing.cases import words

RECORDS = """id,arm,time,event,age,site,sex,entry,end
P-01,a,5,1,50,north,1,0,40
P-02,a,8,0,61,south,2,1,40
P-03,a,12,1,44,north,2,0,40
P-04,b,3,1,39,south,1,0,40
P-05,b,20.5,0,70,east,2,2,40
P-06,b,33,1,58,north,1,0,40
P-07,c,14,0,47,south,1,0,40
P-08,c,21,1,65,east,2,3,40
"""
QUOTED = "\n".join(
    [
        '"id";"arm, drawn";"time";"event";"age"',
        *(f'"P {i}";"{arm}";"{i * 3 + 1}.25";"{i % 2}";"{40 + i}"' for i, arm in enumerate("abababab")),
    ]
).replace(";", ",")
PLAIN = "arm\ttime\tevent\n" + "".join(f"{'xy'[i % 2]}\t{i + 1}\t{i % 3 // 2}\n" for i in range(30))

QUESTION = {
    "--time": "time",
    "--event": "event",
    "--group": "arm",
    "--reference": "a",
    "--unit": "months",
    "--rope": ("0.8", "1.25"),
    "--rope-source": "protocol",
}
FULL = QUESTION | {
    "--rope-declared": "2020-03-01",
    "--before-data": (),
    "--id": "id",
    "--primary": "b",
    "--adjust": "age",
    "--categorical": "sex",
    "--strata": "site",
    "--entry": "entry",
    "--horizon": "10",
    "--event-value": "1",
    "--rule": "probability",
    "--level": "0.9",
    "--threshold": "0.95",
    "--one-sided": "above",
    "--evidence": "simulated",
    "--model": "stratified",
    "--seed": "7",
    "--keep": "none",
    "--tables": "all",
}
COMPARE = ("compare", "patients.csv", *words(QUESTION))
COMPARE_ALL = ("compare", "patients.csv", *words(FULL))
COMPARE_QUOTED = ("compare", "patients.csv", *words(QUESTION | {"--group": "arm, drawn", "--id": "id"}))
COMPARE_PLAIN = ("compare", "patients.csv", *words(QUESTION | {"--reference": "x"}))
WITH_MODEL = ("compare", "patients.csv", *words(QUESTION | {"--id": "id", "--adjust": "age", "--model": "mine.toml"}))

STUDY = """
[study]
name = "trial"
title = "A trial"
time_unit = "months"
records = "patients.csv"
evidence = "patients"
models = ["primary", "mine.toml"]

[columns]
id = "id"
group = "arm"
unordered = ["sex"]
strata = ["site"]
per = { age = 10 }

[groups]
levels = ["a", "b", "c"]

[[contrast]]
group = "b"
reference = "a"
primary = true

[[population]]
name = "all"

[[population]]
name = "adults"
label = "adults in the north or south"
where = { age = { low = 18, high = 65 }, site = ["north", "south"] }

[[question]]
name = "pfs"
label = "Progression-free survival"
time = "time"
event = "event"
event_value = 1
horizon = 10
entry = "entry"
administrative_end = "end"
adjust = "paper"

[adjust]
paper = ["age", "sex"]

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
"""
WALK = """
title = "A model"
purpose = "A smooth baseline."
adjust = "none"
exchangeable = false
compared_only = false

[baseline]
kind = "random_walk"
strata = "common"
innovation_sd = 1.0
level_sd = 2.0

[prior]
group = "default"
continuous_sd = 1.0
categorical_pairwise_sd = 1.0

[intervals]
maximum = 12
min_events = 10

[sampler]
chains = 4
tune = 500
draws = 1000
target_accept = 0.95
max_draws = 40000
"""
INDEPENDENT = """
title = "A model"
purpose = "Independent hazards."
adjust = "question"

[baseline]
kind = "independent"
shape = 1.0
rate = 1.0
rate_unit = "weeks"
by_group = true

[prior]
group = { hr95 = [0.25, 4] }
exchangeable_scale = 0.5

[intervals]
cuts = [6, 12]

[sampler]
chains = 2
draws = 500
"""
LAYERED = 'base = "primary"\ntitle = "A model"\npurpose = "One that differs."\n\n[prior]\ngroup = "wide"\n'
MODELS = (WALK, INDEPENDENT, LAYERED)

COUNTS = """population,setting,variable,level,control,drug,percent_printed,p_printed,note
all,baseline,n,,200,150,,,
all,baseline,sex,female,98,70,49.0 46.7,0.67,
all,baseline,stage,I,120,93,60.0 62.0,0.70,
all,baseline,stage,II,80,57,40.0 38.0,0.70,
"""
ESTIMATES = """population,setting,endpoint,statistic,group,reference,value,ci_low,ci_high,interval_kind,study
all,baseline,death,hr_unadjusted,drug,control,1.20,0.92,1.56,95% CI,one
all,baseline,death,hr,drug,control,1.10,0.90,1.34,90% CrI,two
all,baseline,death,logrank_p,drug,control,0.17,,,,one
all,baseline,death,wald_p_below,drug,control,0.5,,,,one
all,baseline,death,km_median,control,,62,50,not_reached,95% CI,one
"""
JUDGED = ("--rope", "0.80", "1.25", "--rope-source", "protocol")
AUDIT = ("audit", "--counts", "counts.csv", "--estimates", "estimates.csv")
PUBLISHED = ("published", "estimates.csv", *JUDGED)
POOLED = ("published", "estimates.csv", *JUDGED, "--pool", "--where", "endpoint=death", "--tau-scale", "0.5")
ONE_RATIO = (
    "published", "--hr", "0.95", "--ci", "0.80", "1.13", "--ci-level", "0.95", "--contrast", "new", "old", *JUDGED,
    "--rope-declared", "2020-01-01", "--before-data", "--prior", "default", "--rule", "interval", "--level", "0.9",
)  # fmt: skip
TWO_RATIOS = (
    "published", "--hr", "0.95", "--ci", "0.80", "1.13", *JUDGED, "--against", "1.1", "0.9", "1.4", "--against-group",
    "other", "--correlation", "0", "0.7", "--prior", "sceptical",
)  # fmt: skip
ATTAIN = ("attain", "--events", "new=74", "old=184", "--rope", "0.8", "1.25", "--level", "0.9", "--prior-sd", "0.75")
