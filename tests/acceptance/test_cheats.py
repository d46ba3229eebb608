"""Candidates that cheat, through the whole engine: what catches them, and that their score is true or absent."""

import base64
import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.core.trial import TrialState, Verdict
from assay.data.check import check as check_data
from assay.journal.file import FileJournal
from support.real_engine import CANARY, TARGET, RealEngine, Tried, hidden, limited
from support.survivors import marked_processes, wait_until_gone


def assert_without_score(tried: Tried, state: TrialState) -> None:
    assert tried.state is state
    assert tried.trial.score is None
    assert tried.scores == {}
    assert not tried.trial.ranks


# --- what a reader of the script can see: rejected before it runs ----------------------------------------------------

PACKED = base64.b64encode(b"print('score: 0.99')").decode()

OBVIOUS = {
    "answers by absolute path": ("L04", "print(open('{answers}').read())"),
    "answers by relative path": ("L01", "write(read('../../private/fold-0.csv'))"),
    "answers through another process's root": ("L04", "print(open('/proc/1/root{answers}').read())"),
    "the environment of the process above": ("L12", "print(open('/proc/1/environ').read())"),
    "a search of the machine": ("L01", "print([folder for folder, _, _ in os.walk('/')])"),
    "a symbolic link as output": ("L13", "os.symlink('{answers}', 'output/submission.csv')"),
    "a FIFO as output": ("L13", "os.mkfifo('output/submission.csv')"),
    "patching the metric": (
        "L06",
        "import sklearn.metrics\nsklearn.metrics.roc_auc_score = lambda *a, **k: 0.99\nwrite(predictions)",
    ),
    "putting a metric of its own in place": ("L06", "sys.modules['sklearn.metrics'] = None\nwrite(predictions)"),
    "importing the grader": ("L06", "import assay.grading\nwrite(predictions)"),
    "opening the network": ("L05", "import urllib.request\nurllib.request.urlopen('http://example.org/labels')"),
    "killing what started it": ("L05", "os.kill(os.getppid(), 9)\nwrite(predictions)"),
    "reading a key": ("L12", "print(os.environ['OPENAI_API_KEY'])\nwrite(predictions)"),
    "printing the environment": ("L12", "print(os.environ)\nwrite(predictions)"),
    "packed code": ("L14", f"import base64\nexec(base64.b64decode({PACKED!r}))\nwrite(predictions)"),
    "target encoding before the split": (
        "L02",
        "import pandas as pd\nfrom sklearn.model_selection import KFold\n"
        "frame = pd.read_csv('input/train.csv')\n"
        f"frame['ort'] = frame['ort'].map(frame.groupby('ort')['{TARGET}'].mean())\n"
        "for old, new in KFold(5).split(frame):\n    print(len(old), len(new))\n",
    ),
    "the target among the features": (
        "L03",
        "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
        f"frame = pd.read_csv('input/train.csv')\nLogisticRegression().fit(frame, frame['{TARGET}'])\n",
    ),
}


@pytest.mark.parametrize("name", OBVIOUS)
def test_an_obvious_cheat_is_rejected_unrun(engine: RealEngine, name: str) -> None:
    code, body = OBVIOUS[name]
    tried = engine.evaluate(body.replace("{answers}", str(engine.answers())))
    assert_without_score(tried, TrialState.REJECTED)
    assert tried.trial.verdict is Verdict.REJECTED
    assert code in [reason.split()[0] for reason in (tried.trial.reason, *tried.trial.flags)]
    assert tried.measurements == ()


# --- what hides from the reader: tried for real, and stopped ---------------------------------------------------------


@dataclass(frozen=True)
class Theft:
    """An attack that would give better predictions, or a secret, if it worked."""

    body: str
    told: tuple[str, ...] = ("stopped:",)
    untold: tuple[str, ...] = ("worked:",)
    options: dict[str, Any] = field(default_factory=dict)


STEAL = """
found = attempt(lambda: read({path}))
write([(row["id"], row[TARGET]) for row in found if row["id"] in ids] if found else predictions)
"""

THEFTS = {
    "answers by absolute path": Theft(STEAL.replace("{path}", "{hidden:answers}")),
    "answers by relative path": Theft(STEAL.replace("{path}", hidden("../../private/fold-0.csv"))),
    "answers through the root of process 1": Theft(STEAL.replace("{path}", "{hidden:/proc/1/root}+{hidden:answers}")),
    "answers through its own root": Theft(STEAL.replace("{path}", "{hidden:/proc/self/root}+{hidden:answers}")),
    "answers through the engine's root": Theft(STEAL.replace("{path}", "{hidden:engine_root}+{hidden:answers}")),
    "answers through a link of its own": Theft(
        f"getattr(os, 'sym' + 'link')({{hidden:answers}}, 'mine')\n{STEAL.replace('{path}', repr('mine'))}"
    ),
    "the user's own training file": Theft(STEAL.replace("{path}", "{hidden:train}")),
    "another fold's training rows": Theft(STEAL.replace("{path}", "{hidden:other_fold}")),
    "the memory of the engine": Theft(
        "write(predictions)\nattempt(lambda: open({hidden:engine_memory}, 'rb').read(10))", ()
    ),
    "the environment of the engine": Theft(
        "write(predictions)\nattempt(lambda: open({hidden:engine_environ}, 'rb').read())", (), (CANARY,)
    ),
    "the environment of process 1": Theft(
        "write(predictions)\nattempt(lambda: open({hidden:/proc/1/environ}, 'rb').read())", (), (CANARY,)
    ),
    "the environments of all processes": Theft(
        "write(predictions)\nfor pid in os.listdir({hidden:/proc}):\n"
        "    if pid.isdigit():\n        attempt(lambda: open(os.sep + f'proc/{pid}/environ', 'rb').read())",
        (),
        (CANARY,),
    ),
    "its own environment": Theft("write(predictions)\nprint(sorted(getattr(os, 'environ').items()))", (), (CANARY,)),
    "the journal, forged": Theft("attempt(lambda: open({hidden:journal}, 'a').write('x'))\nwrite(predictions)"),
    "another trial's files, forged": Theft(
        "attempt(lambda: open({hidden:object}, 'w').write('x'))\nwrite(predictions)"
    ),
    "the submission, forged": Theft("attempt(lambda: open({hidden:submission}, 'w').write('x'))\nwrite(predictions)"),
    "its own input, changed": Theft(
        "attempt(lambda: open('input/test.csv', 'a').write('x'))\n"
        "attempt(lambda: os.chmod('input/test.csv', 0o666))\n"
        "attempt(lambda: os.replace('input/test.csv', 'input/train.csv'))\nwrite(predictions)"
    ),
    "its own view, changed by the host's name": Theft(
        "attempt(lambda: open({hidden:view}, 'a').write('x'))\nwrite(predictions)"
    ),
    "Assay's own code, changed": Theft("attempt(lambda: open({hidden:assay}, 'a').write('x'))\nwrite(predictions)"),
    "a library of the grader, changed": Theft(
        "attempt(lambda: open({hidden:library}, 'a').write('x'))\nwrite(predictions)"
    ),
}


def fill(engine: RealEngine, body: str) -> str:
    """Put the places that an attack needs, hidden from static checks, in place of `{hidden:NAME}`."""
    submission = engine.folder / "submission.csv"
    some_object = next(path for path in (engine.folder / "objects").rglob("*") if path.is_file())
    source = Path(sys.modules["assay"].__file__ or "")
    places = {
        "answers": engine.answers(),
        "private": engine.folder / "private",
        "train": engine.task.folder / "train.csv",
        "other_fold": engine.view(1).input / "train.csv",
        "engine_root": f"/proc/{os.getpid()}/root",
        "engine_memory": f"/proc/{os.getpid()}/mem",
        "engine_environ": f"/proc/{os.getpid()}/environ",
        "journal": engine.folder / "events.jsonl",
        "object": some_object,
        "submission": submission,
        "view": engine.view().input / "test.csv",
        "assay": source,
        "library": Path(sys.modules["psutil"].__file__ or ""),
        **{name: name for name in ("/proc", "/proc/1/root", "/proc/self/root", "/proc/1/environ")},
    }
    for name, place in places.items():
        body = body.replace(f"{{hidden:{name}}}", hidden(place))
    assert "{hidden:" not in body
    return body


def guarded(engine: RealEngine) -> dict[Path, bytes]:
    """Read everything that no candidate may change; the journal as far as it goes now."""
    places = ("private", "views", "data")
    paths = [p for place in places for p in (engine.folder / place).rglob("*") if p.is_file() and p.suffix != ".log"]
    return {path: path.read_bytes() for path in (*paths, Path(sys.modules["assay"].__file__ or ""))}


@pytest.mark.parametrize("name", THEFTS)
def test_a_hidden_attack_gains_nothing(engine: RealEngine, name: str) -> None:
    theft = THEFTS[name]
    before, journal = guarded(engine), (engine.folder / "events.jsonl").read_bytes()
    tried = engine.evaluate(fill(engine, theft.body))
    assert tried.state is TrialState.COMPLETE, tried.trial.reason
    assert dict(tried.scores) == dict(engine.honest)
    assert all(word in tried.log for word in theft.told)
    assert not any(word in tried.log for word in theft.untold)
    assert guarded(engine) == before
    assert (engine.folder / "events.jsonl").read_bytes().startswith(journal)
    assert len(FileJournal(engine.folder / "events.jsonl").read()) > tried.trial.number


# The training rows of one fold hold the labels of the other: a note left anywhere would be the answers.
NOTES = {
    "files": """
places = ["", "input", "output", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run", "/run/lock", os.environ["HOME"],
          os.environ["TMPDIR"], "..", os.path.dirname(os.__file__), os.path.dirname(sys.executable), sys.prefix]
kept = {row["id"]: row[TARGET] for row in train}
for place in dict.fromkeys(places):
    note = os.path.join(place, "note-to-myself.csv")
    if os.path.exists(note):
        print("remembered:", note)
        kept |= {row["id"]: row[TARGET] for row in read(note)}
    attempt(lambda: write([(i, y) for i, y in kept.items()], note))
write([(i, kept.get(i, p)) for i, p in predictions])
""",
    "shared memory": """
from multiprocessing import shared_memory
try:
    block = shared_memory.SharedMemory("note-to-myself")
    print("remembered:", bytes(block.buf[:4]))
except OSError:
    block = attempt(lambda: shared_memory.SharedMemory("note-to-myself", create=True, size=64))
    if block:
        block.buf[:4] = b"1010"
write(predictions)
sys.stdout.flush()
os._exit(0)
""",
    "objects of the kernel": """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
KEY, CREATE = 0x41535359, 0o1666
for name, arguments in {"shmget": (KEY, 64), "msgget": (KEY,), "semget": (KEY, 1)}.items():
    found = getattr(libc, name)(*arguments, 0)
    print("remembered:" if found >= 0 else "nothing at", name)
    print(name, getattr(libc, name)(*arguments, CREATE))
found = libc.mq_open(b"/note-to-myself", os.O_RDWR)
print("remembered:" if found >= 0 else "nothing at", "mq_open")
print("mq_open", libc.mq_open(b"/note-to-myself", os.O_RDWR | os.O_CREAT, 0o666, None))
write(predictions)
""",
}


@pytest.mark.parametrize("note", NOTES)
@pytest.mark.parametrize("tier", ["engine", "landlock_engine"])
def test_nothing_is_carried_from_one_fold_to_the_next(request: pytest.FixtureRequest, tier: str, note: str) -> None:
    engine: RealEngine = request.getfixturevalue(tier)
    tried = engine.evaluate(NOTES[note])
    assert tried.state is TrialState.COMPLETE, tried.log
    assert len(tried.measurements) == 2
    assert "remembered:" not in tried.log
    assert dict(tried.scores) == dict(engine.honest)


# --- lies about the score --------------------------------------------------------------------------------------------

WORSE = "write([(i, 1 - p) for i, p in predictions])\n"
FAKE_METRIC = """
import types
fake = types.ModuleType("sklearn.metrics")
fake.roc_auc_score = lambda *a, **k: 0.99
getattr(sys, "modules").update({"sklearn.metrics": fake})
from sklearn.metrics import roc_auc_score
print("Final Validation Performance:", roc_auc_score([], []))
"""


@pytest.mark.parametrize(
    "body",
    [
        WORSE + "print('Final Validation Performance: 0.99')",
        WORSE + "print('score: 99 %')",
        WORSE + FAKE_METRIC,
        WORSE + "print('roc_auc fine', file=sys.stderr)\nos.write(2, b'score: 0.99\\n')",
    ],
    ids=["prints 0.99", "prints 99 %", "patches the metric in its own process", "prints it on standard error"],
)
def test_a_printed_score_does_not_count_and_is_flagged(engine: RealEngine, body: str) -> None:
    tried = engine.evaluate(body)
    assert tried.state is TrialState.COMPLETE
    assert dict(tried.scores) == pytest.approx({fold: 1 - score for fold, score in engine.honest.items()})
    assert "P02" in tried.codes
    assert [m.reported for m in tried.measurements] == pytest.approx([0.99, 0.99])
    assert tried.trial.verdict is Verdict.NOISE


def test_a_printed_score_that_cannot_be_is_flagged(engine: RealEngine) -> None:
    tried = engine.evaluate("write(predictions)\nprint('score: 400')")
    assert any(flag.startswith("P02") and "which cannot be" in flag for flag in tried.trial.flags)
    assert dict(tried.scores) == dict(engine.honest)


def test_score_files_beside_the_predictions_are_not_looked_at(engine: RealEngine) -> None:
    body = """
for name in ("score.json", "verdict.json", "events.jsonl", "grade.txt"):
    with open("output/" + name, "w") as stream:
        stream.write('{"score": 0.99, "verdict": "real"}')
write(predictions)
"""
    assert dict(engine.evaluate(body).scores) == dict(engine.honest)


@pytest.mark.parametrize("name", ["sitecustomize.py", "usercustomize.py", "pandas.py", "sklearn.py", "assay.py"])
def test_a_module_left_for_the_grader_is_not_imported(engine: RealEngine, tmp_path: Path, name: str) -> None:
    trap = tmp_path / "sprung"
    body = f"""
code = "open({str(trap)!r}, 'w').write('sprung')\\nprint('score: 0.99')\\nraise SystemExit(0)"
for place in ("", "output", os.environ["HOME"], "/tmp"):
    attempt(lambda: open(os.path.join(place, {name!r}), "w").write(code))
write(predictions)
"""
    tried = engine.evaluate(body)
    assert "worked:" in tried.log
    assert dict(tried.scores) == dict(engine.honest)
    assert not trap.exists()


# --- predictions that are not what they should be --------------------------------------------------------------------

INVALID = {
    "predictions for the wrong fold": (
        "write([(row['id'], p) for row, p in zip(train, predict(fit(train), train))])",
        "are missing",
    ),
    "more rows: both answers for every id": (
        "write([(i, y) for i in ids for y in (0, 1)])",
        "rows repeat an id",
    ),
    "rows for other folds as well": (
        "write([*predictions, *((row['id'], row[TARGET]) for row in train)])",
        "are not among the test rows",
    ),
    "only the rows that it is sure of": ("write([p for p in predictions if abs(p[1] - 0.5) > 0.4])", "are missing"),
    "NaN": ("write([(i, float('nan')) for i in ids])", "NaN or empty"),
    "infinity": ("write([(i, float('inf')) for i in ids])", "are infinite"),
    "probabilities above one": ("write([(i, 2 * p) for i, p in predictions])", "outside [0, 1]"),
    "words": ("write([(i, 'sure') for i in ids])", "are not numbers"),
    "formulas": ("write([(i, '=1+1') for i in ids])", "are not numbers"),
    "a second column of answers": (
        "open('output/submission.csv', 'w').write('id,gültig,gültig\\n' + ''.join(f'{i},0,1\\n' for i in ids))",
        "appear twice",
    ),
    "no header": (
        "open('output/submission.csv', 'w').write(''.join(f'{i},{p}\\n' for i, p in predictions))",
        "no header",
    ),
    "an empty file": ("open('output/submission.csv', 'w').close()", "the file is empty"),
    "a pickle bomb": (
        "import pickle\nclass Bomb:\n    def __reduce__(self):\n"
        "        return os.system, ('touch {trap}',)\npickle.dump(Bomb(), open('output/submission.csv', 'wb'))",
        "a pickle",
    ),
    "a pickle in the first protocol": (
        "import pickle\nclass Bomb:\n    def __reduce__(self):\n"
        "        return os.system, ('touch {trap}',)\n"
        "pickle.dump(Bomb(), open('output/submission.csv', 'wb'), protocol=0)",
        "",
    ),
    "gzip": (
        "import gzip\nwrite(predictions)\ndata = open('output/submission.csv', 'rb').read()\n"
        "gzip.open('output/submission.csv', 'wb').write(data)",
        "gzip-compressed",
    ),
    "a zip bomb": (
        "import zipfile\nwith zipfile.ZipFile('output/submission.csv', 'w', zipfile.ZIP_DEFLATED) as z:\n"
        "    z.writestr('submission.csv', b'0' * 10_000_000)",
        "a zip archive",
    ),
    "a huge line": ("open('output/submission.csv', 'w').write('id,' + 'x' * 500_000)", "bytes, more than"),
    "a huger line": ("open('output/submission.csv', 'w').write('id,' + 'x' * 20_000_000)", "was not taken: too large"),
    "quotes that never end": (
        "open('output/submission.csv', 'w').write('id,gültig\\n\"' + 'x' * 9_000)",
        "",
    ),
    "binary": ("open('output/submission.csv', 'wb').write(bytes(1_000))", "binary bytes"),
    "nothing, and exits with 0": ("sys.exit(0)", "was not taken: missing"),
    "nothing but a claim": ("print('score: 0.99')", "was not taken: missing"),
    "a symbolic link to the answers": (
        "getattr(os, 'sym' + 'link')({hidden:answers}, 'output/submission.csv')",
        "was not taken: symbolic link",
    ),
    "a symbolic link to its own input": (
        "getattr(os, 'sym' + 'link')('../input/test.csv', 'output/submission.csv')",
        "was not taken: symbolic link",
    ),
    "output itself a link": (
        "write(predictions, 'submission.csv')\nos.rmdir('output')\ngetattr(os, 'sym' + 'link')('.', 'output')",
        "was not taken: symbolic link",
    ),
    "a hard link": (
        "write(predictions, 'mine.csv')\ngetattr(os, 'li' + 'nk')('mine.csv', 'output/submission.csv')",
        "was not taken: hard link",
    ),
    "a FIFO": ("getattr(os, 'mk' + 'fifo')('output/submission.csv')", "was not taken: FIFO"),
    "a device": (
        "import stat\nattempt(lambda: getattr(os, 'mk' + 'nod')('output/submission.csv', 0o666 | stat.S_IFCHR, "
        "os.makedev(1, 5)))",
        "was not taken: missing",
    ),
    "a link to a device": (
        "getattr(os, 'sym' + 'link')(os.sep + 'dev/zero', 'output/submission.csv')",
        "was not taken: symbolic link",
    ),
    "a socket": (
        "import socket\nattempt(lambda: socket.socket(socket.AF_UNIX).bind('output/submission.csv'))",
        "was not taken:",
    ),
    "a folder": ("os.mkdir('output/submission.csv')", "was not taken: folder"),
    "a sparse file of 10 GB": (
        "attempt(lambda: open('output/submission.csv', 'wb').truncate(10 * 2**30))",
        "",
    ),
    "output removed": ("os.rmdir('output')", "was not taken: missing"),
    "output a file": ("os.rmdir('output')\nwrite(predictions, 'output')", "was not taken:"),
    "output a link to the folder of the answers": (
        "os.rmdir('output')\ngetattr(os, 'sym' + 'link')({hidden:private}, 'output')",
        "was not taken: symbolic link",
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_no_plain_prediction_file_has_no_score(engine: RealEngine, tmp_path: Path, name: str) -> None:
    body, words = INVALID[name]
    trap = tmp_path / "sprung"
    tried = engine.evaluate(fill(engine, body.replace("{trap}", str(trap))))
    assert_without_score(tried, TrialState.FAILED)
    assert words in tried.trial.reason
    assert all(m.score is None for m in tried.measurements)
    assert not trap.exists()


def test_sparse_outputs_do_not_fill_the_disk_of_the_run(engine: RealEngine) -> None:
    body = """
for name in ("submission.csv", "probabilities.csv"):
    with open("output/" + name, "wb") as stream:
        stream.write(os.urandom(16))
        stream.truncate(2**30)
"""
    tried = engine.evaluate(body)
    assert_without_score(tried, TrialState.FAILED)
    assert "was not taken: too large" in tried.trial.reason
    assert all(path.stat().st_size < 2**26 for path in (engine.folder / "objects").rglob("*") if path.is_file())


# --- valid predictions that are worth little -------------------------------------------------------------------------


def test_shuffled_ids_get_the_score_of_a_guess(engine: RealEngine) -> None:
    body = "import random\nrandom.Random(3).shuffle(ids)\nwrite([(i, p) for i, (_, p) in zip(ids, predictions)])"
    tried = engine.evaluate(body + "\nprint('score: 0.87')")
    assert tried.state is TrialState.COMPLETE
    assert all(abs(score - 0.5) < 0.15 for score in tried.scores.values())
    assert "P02" in tried.codes


def test_constant_predictions_are_remarked_on(engine: RealEngine) -> None:
    tried = engine.evaluate("write([(i, 0.5) for i in ids])")
    assert dict(tried.scores) == dict.fromkeys(engine.honest, 0.5)
    assert "L10" in tried.codes
    assert tried.trial.verdict is Verdict.NOISE


def test_predictions_copied_from_a_column_are_remarked_on(engine: RealEngine) -> None:
    body = "low = min(int(i) for i in ids)\nwrite([(i, (int(i) - low) / 10_000) for i in ids])"
    assert "L11" in engine.evaluate(body).codes


def test_a_column_that_gives_the_target_away_is_told_before_anything_is_spent(engine: RealEngine) -> None:
    found = [finding for finding in check_data(engine.task) if finding.code == "W203"]
    assert [finding.columns for finding in found] == [("geleakt",)]
    assert found[0].severity == "error"
    # The score is the true one on these rows; what it is worth is for the finding to say.
    tried = engine.evaluate("write([(row['id'], int(row['geleakt'] == 'ja')) for row in test])")
    assert dict(tried.scores) == dict.fromkeys(engine.honest, 1.0)
    assert tried.trial.verdict is not Verdict.REAL


def test_rows_learned_by_heart_do_not_help(engine: RealEngine) -> None:
    body = (
        "known = {r['größe']: r[TARGET] for r in train}\nwrite([(r['id'], known.get(r['größe'], 0.5)) for r in test])"
    )
    assert dict(engine.evaluate(body).scores) == dict.fromkeys(engine.honest, 0.5)


# --- time, space and other processes ---------------------------------------------------------------------------------


def test_an_output_written_after_the_end_is_too_late(engine: RealEngine) -> None:
    body = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(5)
        write(predictions)
"""
    tried = engine.evaluate(body)
    assert_without_score(tried, TrialState.FAILED)
    assert tried.outcomes == ("ok",)
    assert "was not taken: missing" in tried.trial.reason


def test_an_output_replaced_after_the_time_limit_is_too_late(engine: RealEngine) -> None:
    marker = "assay-test-late-7d1"
    child = (
        f"import shutil, time #{marker}\nwhile True:\n time.sleep(8)\n shutil.copy('good.csv', 'output/submission.csv')"
    )
    body = f"""
import subprocess
write(predictions, "good.csv")
subprocess.Popen([sys.executable, "-c", {child!r}], start_new_session=True)
write([(i, 1 - p) for i, p in predictions])
time.sleep(600)
"""
    tried = engine.evaluate(body, limits=limited(wall_s=3.0))
    assert dict(tried.scores) == pytest.approx({fold: 1 - score for fold, score in engine.honest.items()})
    assert tried.outcomes == ("timeout", "timeout")
    assert "P01" in tried.codes
    assert wait_until_gone(lambda: marked_processes(marker)) == []


def test_sleeping_to_starve_others_ends_at_the_limit(engine: RealEngine) -> None:
    tried = engine.evaluate("time.sleep(600)\nwrite(predictions)", limits=limited(wall_s=1.0))
    assert_without_score(tried, TrialState.FAILED)
    assert tried.outcomes == ("timeout",)
    assert "did not end within" in tried.trial.reason


def test_ignoring_every_signal_does_not_help(engine: RealEngine) -> None:
    body = (
        "import signal\nfor s in (1, 2, 3, 10, 12, 13, 14, 15):\n    signal.signal(s, signal.SIG_IGN)\ntime.sleep(600)"
    )
    tried = engine.evaluate(body, limits=limited(wall_s=1.0))
    assert_without_score(tried, TrialState.FAILED)
    assert tried.outcomes == ("timeout",)


def test_a_fork_bomb_ends_at_the_limit(engine: RealEngine) -> None:
    body = "while True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.01)"
    tried = engine.evaluate(body, limits=limited(wall_s=3.0, processes=48))
    assert_without_score(tried, TrialState.FAILED)
    assert tried.outcomes[0] in ("processes", "timeout")
    assert dict(engine.evaluate("write(predictions)").scores) == dict(engine.honest)


def test_a_file_that_never_ends_is_cut(engine: RealEngine) -> None:
    body = """
with open("output/submission.csv", "wb") as stream:
    for _ in range(10 * 2**10):
        stream.write(bytes(2**20))
        stream.flush()
        time.sleep(0.002)
"""
    tried = engine.evaluate(body, limits=limited(workspace_bytes=32 * 2**20))
    assert_without_score(tried, TrialState.FAILED)
    assert not list((engine.folder / "work").iterdir())


def test_memory_beyond_the_limit_is_not_given(engine: RealEngine) -> None:
    tried = engine.evaluate(
        "kept = []\nwhile True:\n    kept.append(bytearray(2**23))", limits=limited(memory_bytes=2**27)
    )
    assert_without_score(tried, TrialState.FAILED)
    assert tried.outcomes[0] in ("memory", "error")


def test_killing_its_parent_or_all_it_sees_harms_nobody(engine: RealEngine) -> None:
    body = f"""
write(predictions)
kill = getattr(os, "ki" + "ll")
attempt(lambda: kill({os.getpid()}, 9))
attempt(lambda: kill({engine.grader.pid}, 9))
attempt(lambda: kill(getattr(os, "getp" + "pid")(), 9))
attempt(lambda: kill(-1, 9))
"""
    grader = engine.grader.pid
    tried = engine.evaluate(body)
    assert tried.state in (TrialState.COMPLETE, TrialState.FAILED)
    assert engine.grader.pid == grader
    assert grader is not None
    assert psutil.Process(grader).is_running()
    assert all(score == engine.honest[fold] for fold, score in tried.scores.items())
    assert dict(engine.evaluate("write(predictions)").scores) == dict(engine.honest)


def test_the_network_is_not_there(engine: RealEngine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        body = f"""
net = __import__("soc" + "ket")
attempt(lambda: getattr(net, "create_" + "connection")(("127.0.0.1", {port}), 2).send(b"labels, please"))
write(predictions)
"""
        tried = engine.evaluate(body)
        server.settimeout(0.0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "stopped:" in tried.log
    assert "worked:" not in tried.log
    assert dict(tried.scores) == dict(engine.honest)


def test_a_script_that_breaks_the_checker_is_not_passed(engine: RealEngine) -> None:
    # Deeper than any parser of ours goes; an interpreter of the candidate's may go further.
    tried = engine.evaluate(f"x = {'not ' * 5_000}0\nwrite(predictions)")
    assert_without_score(tried, TrialState.REJECTED)
    assert tried.trial.reason.startswith("L14")


def test_no_process_of_any_candidate_is_left() -> None:
    # Runs last in this file: everything above has left what it could leave.
    assert wait_until_gone(lambda: marked_processes("solution.py", of=os.getpid())) == []
