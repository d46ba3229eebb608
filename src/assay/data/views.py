"""Views: builds what candidates see, on first use, in a child process."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from assay.core.codec import encode
from assay.core.errors import MachineError
from assay.core.task import SplitKind, Task
from assay.core.view import Twist, View, ViewKey, ViewKind
from assay.data.child import run_child
from assay.data.view_files import ViewPlace, default_cap

SHUFFLED_ROWS = 5_000
"""Most training rows of a fold with permuted labels: more of them would tell no more."""


class Views:
    """The views of a task. Safe to use from several threads; a view that was built once is never built again.

    Args:
        task: The task.
        root: Folder for the views; made on first use.
        private: Folder for the answers, outside of `root` and of everything a candidate can open.

    Raises:
        ValueError: One of the folders is in the other.
    """

    def __init__(self, task: Task, root: Path, private: Path) -> None:
        if root.absolute().is_relative_to(private.absolute()) or private.absolute().is_relative_to(root.absolute()):
            raise ValueError(f"views in {str(root)!r} and answers in {str(private)!r} must not share a folder")
        self._task = task
        self._place = ViewPlace(root=root, private=private)
        self._lock = threading.Lock()

    def fold_keys(self, seed: int = 0) -> tuple[ViewKey, ...]:
        """Return the search folds of the partition `seed`: 0 for the search, others for confirmation."""
        cap = default_cap(ViewKind.FOLD, self._task)
        folds = range(self._task.split.k)
        return tuple(ViewKey(kind=ViewKind.FOLD, fold=fold, seed=seed, row_cap=cap) for fold in folds)

    def sealed_key(self) -> ViewKey | None:
        """Return the sealed view, or None if nothing is sealed."""
        if self._task.holdout.fraction <= 0:
            return None
        return ViewKey(kind=ViewKind.SEALED, row_cap=default_cap(ViewKind.SEALED, self._task))

    def final_key(self) -> ViewKey | None:
        """Return the final view, or None if there is no test file to predict."""
        key = ViewKey(kind=ViewKind.FINAL, row_cap=default_cap(ViewKind.FINAL, self._task))
        if self._task.split.kind is SplitKind.PREPARED:
            return key if self._looks_prepared() else None
        return key if self._task.data.test is not None else None

    def twisted_key(self, fold: ViewKey, twist: Twist) -> ViewKey | None:
        """Return `fold` as the validation gate shows it, or None where these data do not allow that.

        Where a user's own program prepares the data, nobody else knows which file holds the labels; and the past of a
        forecast is no test.
        """
        if twist is not Twist.AGAIN and self._task.split.kind is SplitKind.PREPARED:
            return None
        if twist is Twist.TRAINED and self._task.split.kind is SplitKind.FORECAST:
            return None
        # Fewer rows of a forecast are shorter series, which a script may not be made for.
        few = twist in (Twist.SHUFFLED, Twist.TURNED) and self._task.split.kind is not SplitKind.FORECAST
        most = min(SHUFFLED_ROWS, fold.row_cap or SHUFFLED_ROWS) if few else fold.row_cap
        return replace(fold, twist=twist, row_cap=most)

    def rehearsal_key(self, rows: int) -> ViewKey | None:
        """Return the view of a few rows of the first search fold, or None where these data have none.

        Fewer rows of a forecast are shorter series, which a script may not be made for; and what a user's own program
        prepares nobody else can thin out.
        """
        if self._task.split.kind in (SplitKind.FORECAST, SplitKind.PREPARED):
            return None
        return ViewKey(kind=ViewKind.REHEARSAL, fold=0, row_cap=rows)

    def build(self, key: ViewKey) -> View:
        """Return the view `key`, built on first use together with those that will be asked for next.

        Raises:
            TaskError: The data do not allow it; the message says what to change.
            IntegrityError: E405, the data have changed since the task was made.
            MachineError: E530, the child that reads the data died, for example for lack of memory or disk.
        """
        if key.twist is Twist.AGAIN:
            return replace(self.build(replace(key, twist=None)), key=key)
        view = self._place.load(key, self._task)
        if view is not None:
            return view
        with self._lock:
            view = self._place.load(key, self._task)
            if view is None:
                self._run(self._with_company(key))
                view = self._place.load(key, self._task)
        if view is None:
            raise MachineError("E530", f"the view {key.name} was built and is not there", fix="check the disk")
        return view

    def _with_company(self, key: ViewKey) -> tuple[ViewKey, ...]:
        """Return `key` and the views that one reading of the data should build with it."""
        folds = self.fold_keys(key.seed)
        if key.twist is Twist.TURNED:
            turned = (self.twisted_key(fold, Twist.TURNED) for fold in folds)
            return tuple(dict.fromkeys([key, *(one for one in turned if one is not None)]))
        if key.twist is not None:
            pair = (self.twisted_key(folds[0], twist) for twist in (Twist.SHUFFLED, Twist.TRAINED))
            return tuple(dict.fromkeys([key, *(one for one in pair if one is not None)]))
        if key.kind is ViewKind.REHEARSAL or (key.kind is ViewKind.FOLD and key not in folds):
            return (key,)
        others: list[ViewKey | None] = list(folds) if key.kind is ViewKind.FOLD or key.seed == 0 else []
        if key.seed == 0:
            final = None if self._task.split.kind is SplitKind.PREPARED else self.final_key()
            others += [self.sealed_key(), final]
        return tuple(dict.fromkeys([key, *(other for other in others if other is not None)]))

    def _looks_prepared(self) -> bool:
        """Return whether the user's folder holds every file that `prepare` makes for candidates."""
        public = self._place.root / ".prepared"
        if not public.is_dir():
            self.build(self.fold_keys()[0])
        names = (path.relative_to(public) for path in public.rglob("*") if path.is_file())
        return all((self._task.folder / name).is_file() for name in names)

    def _run(self, keys: tuple[ViewKey, ...]) -> None:
        run_child(
            {
                "do": "views",
                "task": encode(self._task),
                "root": str(self._place.root.absolute()),
                "private": str(self._place.private.absolute()),
                "keys": [encode(key) for key in keys],
            }
        )
