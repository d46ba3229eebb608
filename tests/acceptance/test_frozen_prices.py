"""What tokens cost is read once: a run charges by the prices of its start, whatever the table says later."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.prices import Prices, PriceSource, Rate
from assay.data.intake import inspect
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.endpoint import Endpoint
from assay.report import write_reports
from assay.strategies.launch import in_force, launch, resume
from assay.strategies.options import RunOptions
from support.chat_server import Text, serving

SCRIPT = """\
import csv
from pathlib import Path

with open("input/train.csv", encoding="utf-8") as stream:
    prices = [float(row["price"]) for row in csv.DictReader(stream)]
with open("input/test.csv", encoding="utf-8") as stream:
    ids = [row["id"] for row in csv.DictReader(stream)]
Path("output").mkdir(exist_ok=True)
with open("output/submission.csv", "w", encoding="utf-8") as stream:
    stream.write("id,price\\n")
    for key in ids:
        stream.write(f"{key},{sum(prices) / len(prices)}\\n")
"""
REPLY = f'```json\n{{"title": "The mean", "plan": "Nothing beats it."}}\n```\n```python\n{SCRIPT}```\n'


@dataclass(frozen=True)
class Table:
    """A price table that lists a model at some dollars per million tokens in, and ten times that out; 0 lists none."""

    usd: int

    def prices(self, endpoint: Endpoint, at: float) -> Prices:
        del endpoint, at
        if not self.usd:
            return Prices()
        return Prices(
            source=PriceSource.TABLE,
            input=Rate(usd=Decimal(self.usd)),
            output=Rate(usd=Decimal(10 * self.usd)),
            table=f"list-{self.usd}",
            read="2026-03-12",
        )


def prices(usd: int) -> Prices:
    return Table(usd).prices(Endpoint(provider="openai", dialect="openai", model="x"), 0.0)


@pytest.mark.parametrize(
    ("frozen", "now", "then"),
    [
        (prices(1), prices(2), prices(1)),
        (prices(1), Prices(), prices(1)),
        (Prices(), prices(2), prices(2)),
        (Prices(), Prices(), Prices()),
        (None, prices(2), prices(2)),
        (None, None, None),
    ],
)
def test_which_prices_a_resumed_run_charges_by(frozen: Prices | None, now: Prices | None, then: Prices | None) -> None:
    assert in_force(frozen, now) == then


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_resumed_run_charges_by_the_table_of_its_start_and_says_that_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ASSAY_API_KEY", "ASSAY_PRICE"):
        monkeypatch.delenv(name, raising=False)
    data = tmp_path / "data"
    data.mkdir()
    rows = "".join(f"{i},{i % 13},{(i % 13) * 3 + 4}\n" for i in range(120))
    (data / "train.csv").write_text("id,x,price\n" + rows, encoding="utf-8")
    (data / "test.csv").write_text("id,x\n" + "".join(f"{i},{i % 13}\n" for i in range(120, 130)), encoding="utf-8")
    with serving(Text(content=REPLY, input_tokens=1_000, output_tokens=100)) as server:
        options = RunOptions(
            limits=Limits(trials=3),
            model="openai:x",
            base_url=server.base_url,
            name="old-crane",
            runs=tmp_path / "runs",
            reseeds=0,
            gate=False,
        )
        folder = launch(inspect(data, split="holdout").task, options, table=Table(1)).folder
        resume(folder, limits=Limits(trials=4), table=Table(500))
    history = History(FileJournal(folder / "events.jsonl").read())
    paid = [q.answer.usage.cost_usd for q in history.questions.values() if q.answer and q.answer.usage.requests]
    assert len(paid) == 2
    assert set(paid) == {Decimal("0.002")}
    assert history.started is not None
    assert history.started.prices == prices(1)
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["prices"]["table"] == "list-1"
    told = [remark.text for _, remark in history.remarks if remark.code == "W410"]
    assert told == [
        "list-500 says $500 per million tokens in, $5000 out now; the run goes on with the prices of its start: "
        "$1 per million tokens in, $10 out (list-1, read on 2026-03-12)"
    ]
    write_reports(folder, history, ObjectStore(folder / "objects"), final=True)
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "Prices per million tokens: $1 input, $10 output; from the table list-1, read on 2026-03-12." in report
