"""Makes recordings of a finished run, for `--model recorded:FOLDER`: its answers, in the form of a `Recorder`.

`python keep_answers.py RUN FOLDER`, with `tests` on the path. How `recordings/house-prices` was made:

1. `write_house_data(Path("data"))` of `support.house_data`.
2. `assay run data --model PROVIDER:NAME` with the options of `acceptance/test_recorded_run.py`.
3. This program.

When the strategy changed later, the answers went to the keys of the new steps, and two improvements that nobody had
been asked for (steps 7 and 8) were written by hand. `recordings/star-house-prices` and `recordings/star-biopsies` were
made the same way, the second with `write_biopsy_data` of `support.biopsy_data`; in its answers `max_iter` was then
lowered from 10 to 3, so that the replay is short. `recordings/notebook-us-patent` and `recordings/review-us-patent` are
answers on a data set that is not kept here; they are replayed on what `support.phrase_data` makes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from assay.core.codec import encode
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.recorded import write_recording


def keep_answers(run: Path, folder: Path) -> list[str]:
    """Write a recording of every answer in `run` that was not the playbook's; return their keys."""
    history, objects = History(FileJournal(run / "events.jsonl").read()), ObjectStore(run / "objects")
    kept = []
    for key, question in history.questions.items():
        answer = question.answer
        if answer is None or not answer.reply or answer.model == "playbook":
            continue
        entry = {
            "role": answer.role,
            "key": key,
            "digest": answer.request,
            "model": "recorded",
            "usage": encode(answer.usage),
            "reply": json.loads(objects.get(answer.reply)),
        }
        write_recording(folder, entry)
        kept.append(key)
    return kept


if __name__ == "__main__":
    sys.stdout.write("\n".join(keep_answers(Path(sys.argv[1]), Path(sys.argv[2]))) + "\n")
