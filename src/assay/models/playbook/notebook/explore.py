"""Looking into data, by rule: cells for four views of a table, and ideas from what was established."""

from __future__ import annotations

from assay.models.playbook.facts import Facts, Family, read_facts
from assay.models.playbook.notebook.cells import plain_model
from assay.models.playbook.shelves import shelf_for
from assay.models.roles.explore import Exploration, ExploreCell, ExploreInputs, IdeaList, IdeasInputs
from assay.models.roles.notebook import Idea

_CODES = '''\
from sklearn.tree import DecisionTreeRegressor


def coded(column):
    """Return a column as numbers: levels in the order of how often they occur."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.astype(float).fillna(column.astype(float).min() - 1)
    texts = column.astype(str)
    return texts.map({level: rank for rank, level in enumerate(texts.value_counts().index)}).astype(float)


rows = train.sample(min(len(train), 4_000), random_state=SEED)
codes = pd.DataFrame({name: coded(rows[name]) for name in FEATURES})
if len(TARGETS) == 1 and not pd.api.types.is_numeric_dtype(rows[TARGETS[0]]):
    goal = pd.get_dummies(rows[TARGETS[0]]).to_numpy(float)
else:
    goal = rows[TARGETS].to_numpy(float)
goal = (goal - goal.mean(axis=0)) / np.maximum(goal.std(axis=0), 1e-12)
half = np.random.default_rng(SEED).random(len(rows)) < 0.5


def told(names):
    """Return the share of the target that a small tree on these columns finds on the other half of the rows."""
    found = []
    for learn in (half, ~half):
        tree = DecisionTreeRegressor(min_samples_leaf=20, max_leaf_nodes=24, random_state=SEED)
        guess = tree.fit(codes.loc[learn, names], goal[learn]).predict(codes.loc[~learn, names])
        left = ((goal[~learn] - guess.reshape(goal[~learn].shape)) ** 2).mean()
        found.append(1 - left / max((goal[~learn] ** 2).mean(), 1e-12))
    return float(np.clip(np.mean(found), 0, 1))


alone = pd.Series({name: told([name]) for name in FEATURES[:300]}).sort_values(ascending=False)
print(alone.head(15).round(3))
'''
_RELATIONS = """\
for name, share in alone.head(15).items():
    if share > 0.01:
        state("tells", [name], share)
"""
_INTERACTIONS = """\
first = list(alone.head(8).index)
pairs = [(a, b) for k, a in enumerate(first) for b in first[k + 1 :]]
gains = pd.Series({pair: told(list(pair)) - max(alone[pair[0]], alone[pair[1]]) for pair in pairs}, dtype=float)
for pair, gain in gains.sort_values(ascending=False).head(8).items():
    if gain > 0.02:
        state("tells", pair, gain)
"""
_QUALITY = """\
from scipy.stats import ks_2samp

for name, share in alone.items():
    if share > 0.95:
        state("tells", [name], share)
distances = {}
for name in FEATURES[:300] if later is not None else ():
    if pd.api.types.is_numeric_dtype(train[name]) and pd.api.types.is_numeric_dtype(later[name]):
        distances[name] = ks_2samp(train[name].dropna(), later[name].dropna()).statistic
for name, distance in pd.Series(distances, dtype=float).sort_values(ascending=False).head(6).items():
    if distance > 0.15:
        state("shift", [name], distance)
repeated = float(train[FEATURES].duplicated().mean())
print(f"{repeated:.2%} of the rows repeat an earlier one in all columns")
if repeated > 0:
    state("repeats", [], repeated)
"""
_BASELINE = """\
for path in OUTPUT.iterdir():
    path.unlink()
baseline()
submission = pd.read_csv(OUTPUT / "submission.csv", dtype=str)
for name, share in alone.head(3).items():
    if share > 0.01:
        state("tells", [name], share)
"""
_VIEWS = ("relations", "interactions", "quality", "baseline")
_TITLES = ("Columns one by one", "Columns together", "Weaknesses of the data", "A plain model")


def exploration(inputs: ExploreInputs) -> Exploration:
    """Return the cells that look at what the variant names; a variant in other words gets a view by its number."""
    named = [at for at, word in enumerate(_VIEWS) if word in inputs.variant.lower()]
    view = named[0] if named else (inputs.number - 1) % len(_VIEWS)
    cells = [ExploreCell(id="codes", purpose="Columns as numbers, and what each tells.", code=_CODES)]
    if view == 3:
        facts = read_facts(inputs.brief)
        cells.append(ExploreCell(id="plain", purpose="The plain model.", code=plain_model(facts)))
    bodies = (_RELATIONS, _INTERACTIONS, _QUALITY, _BASELINE)
    cells.append(ExploreCell(id="look", purpose=f"{_TITLES[view]}.", code=bodies[view]))
    return Exploration(title=_TITLES[view], cells=tuple(cells))


_UNTOLD = "Nothing was established on these data, so the field's experience speaks alone."


def ideas(inputs: IdeasInputs) -> IdeaList:
    """Return the drafts that suit these data as ideas, each with the finding that speaks for it."""
    facts = read_facts(inputs.brief)
    findings = [one.sentence for one in inputs.established]
    made = [_of_weakness(text) for text in findings if "distributed otherwise" in text or "rows repeat" in text]
    made += [_of_pair(text) for text in findings if "together" in text and "distributed" not in text][:2]
    strongest = f"Established on these data: {findings[0]}." if findings else _UNTOLD
    for draft in shelf_for(facts).drafts(facts):
        made.append(
            Idea(
                title=draft.title,
                description=f"Build this: {draft.title}. {draft.reason} {_columns(facts)}",
                reasoning=f"{draft.reason} {strongest}",
                expected_impact="Fewer errors than the plain model in the same protocol; how many, the folds will say.",
            )
        )
    return IdeaList(ideas=tuple(made[: inputs.count]))


def _of_pair(text: str) -> Idea:
    columns = text.split(" tell of")[0]
    return Idea(
        title=f"Let {columns} meet"[:160],
        description=f"Give the model products and ratios of {columns}, or use trees, which find them by themselves.",
        reasoning=f"Established on rows held back: {text}.",
        expected_impact="What the columns tell only together becomes usable for models that add effects up.",
    )


def _of_weakness(text: str) -> Idea:
    shift = "distributed otherwise" in text
    return Idea(
        title=f"Guard against the shift of {text.split(' ')[0][:80]}" if shift else "Mind repeated rows",
        description=(
            "Replace the column by its rank within the file, or leave it out, and compare both in the same folds."
            if shift
            else "Keep repeated rows in one fold and count each once, so that no model is praised for what it has seen."
        ),
        reasoning=f"Established on rows held back: {text}.",
        expected_impact="A smaller gap between scores of the search and scores on the test rows.",
    )


def _columns(facts: Facts) -> str:
    if facts.family is Family.PROFILES:
        return "All targets are modelled together."
    used = [*facts.numbers[:6], *facts.categories[:4]]
    return f"It uses {', '.join(f'`{name}`' for name in used)}{' and more' if len(used) == 10 else ''}." if used else ""
