"""A tracking server on a real loopback socket: the paths of MLflow's REST interface that its own client asks for.

https://mlflow.org/docs/latest/api_reference/rest-api.html
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

API = "/api/2.0/mlflow/"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
_TAG = re.compile(r"tags\.`([^`]+)` = '([^']*)'")


class Refused(Exception):
    """An error as MLflow's server tells it.

    Args:
        code: For example `RESOURCE_DOES_NOT_EXIST`.
    """

    def __init__(self, code: str, status: int = 404) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class MlflowServer:
    """Keeps experiments, runs and files in memory. Set `fails` or `hangs` to make it a bad one."""

    def __init__(self) -> None:
        self.url = ""
        self.fails = False
        self.hangs = threading.Event()
        self.closing = threading.Event()
        self.asked = threading.Event()
        self.paths: list[str] = []
        self.tokens: set[str] = set()
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def run(self, key: str) -> dict[str, Any]:
        """Return the run with this key."""
        return next(run for run in self.runs.values() if run["tags"].get("assay.key") == key)

    def answer(self, method: str, path: str, said: dict[str, Any]) -> dict[str, Any]:
        """Return what the server says to one request."""
        found: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "POST experiments/search": self._search_experiments,
            "GET experiments/search": self._search_experiments,
            "GET experiments/get-by-name": self._experiment_by_name,
            "POST experiments/create": self._create_experiment,
            "POST runs/search": self._search_runs,
            "POST runs/create": self._create_run,
            "GET runs/get": lambda said: {"run": self._shown(self._run(said))},
            "POST runs/log-batch": self._log_batch,
            "POST runs/update": self._update,
            "GET metrics/get-history": self._history,
            "POST logged-models/search": lambda said: {"models": []},
        }
        name = f"{method} {path.removeprefix(API)}"
        if name not in found:
            raise Refused(f"ENDPOINT_NOT_FOUND {name}")
        with self._lock:
            return found[name](said)

    def list_files(self, below: str) -> dict[str, Any]:
        """Return the files and folders right below a folder of artefacts."""
        shown: dict[str, dict[str, Any]] = {}
        for path, content in self.files.items():
            if path.startswith(f"{below}/"):
                first, _, rest = path.removeprefix(f"{below}/").partition("/")
                shown[first] = {"path": first, "is_dir": bool(rest), **({} if rest else {"file_size": len(content)})}
        return {"files": list(shown.values())}

    def _search_experiments(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"experiments": list(self.experiments.values())}

    def _experiment_by_name(self, said: dict[str, Any]) -> dict[str, Any]:
        for experiment in self.experiments.values():
            if experiment["name"] == said["experiment_name"]:
                return {"experiment": experiment}
        raise Refused("RESOURCE_DOES_NOT_EXIST")

    def _create_experiment(self, said: dict[str, Any]) -> dict[str, Any]:
        id = str(len(self.experiments) + 1)
        location = f"mlflow-artifacts:/{id}"
        self.experiments[id] = {
            "experiment_id": id,
            "name": said["name"],
            "artifact_location": location,
            "lifecycle_stage": "active",
        }
        return {"experiment_id": id}

    def _search_runs(self, said: dict[str, Any]) -> dict[str, Any]:
        wanted = _TAG.findall(said.get("filter", ""))
        found = [
            self._shown(run)
            for run in self.runs.values()
            if run["info"]["experiment_id"] in said["experiment_ids"]
            and all(run["tags"].get(name) == value for name, value in wanted)
        ]
        return {"runs": found[: int(said.get("max_results", 1000))]}

    def _create_run(self, said: dict[str, Any]) -> dict[str, Any]:
        id = uuid.uuid4().hex
        info = {
            "run_id": id,
            "run_uuid": id,
            "experiment_id": said["experiment_id"],
            "run_name": said.get("run_name", ""),
            "user_id": "",
            "status": "RUNNING",
            "start_time": said.get("start_time", 0),
            "artifact_uri": f"mlflow-artifacts:/{said['experiment_id']}/{id}/artifacts",
            "lifecycle_stage": "active",
        }
        tags = {tag["key"]: tag["value"] for tag in said.get("tags", [])}
        self.runs[id] = {"info": info, "tags": tags, "params": {}, "metrics": {}}
        return {"run": self._shown(self.runs[id])}

    def _log_batch(self, said: dict[str, Any]) -> dict[str, Any]:
        run = self._run(said)
        for param in said.get("params", []):
            if run["params"].setdefault(param["key"], param["value"]) != param["value"]:
                raise Refused("INVALID_PARAMETER_VALUE", 400)
        run["tags"] |= {tag["key"]: tag["value"] for tag in said.get("tags", [])}
        for metric in said.get("metrics", []):
            point = {name: metric.get(name, 0) for name in ("key", "value", "timestamp", "step")}
            points = run["metrics"].setdefault(metric["key"], [])
            if point not in points:
                points.append(point)
        return {}

    def _update(self, said: dict[str, Any]) -> dict[str, Any]:
        info = self._run(said)["info"]
        info |= {name: said[name] for name in ("status", "end_time", "run_name") if name in said}
        return {"run_info": info}

    def _history(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"metrics": self._run(said)["metrics"].get(said["metric_key"], [])}

    def _run(self, said: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(said.get("run_id") or said.get("run_uuid") or "")
        if run is None:
            raise Refused("RESOURCE_DOES_NOT_EXIST")
        return run

    def _shown(self, run: dict[str, Any]) -> dict[str, Any]:
        last = [max(points, key=lambda point: int(point["step"])) for points in run["metrics"].values()]
        tags = [{"key": name, "value": value} for name, value in run["tags"].items()]
        params = [{"key": name, "value": value} for name, value in run["params"].items()]
        return {"info": run["info"], "data": {"metrics": last, "params": params, "tags": tags}}


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_PUT(self) -> None:
        self._serve("PUT")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _serve(self, method: str) -> None:
        store, parts = self.server.store, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        store.paths.append(f"{method} {parts.path}")
        store.tokens.add(self.headers.get("Authorization", ""))
        store.asked.set()
        if store.hangs.is_set():
            store.closing.wait(60)
            return
        if store.fails:
            self._say(500, {"error_code": "INTERNAL_ERROR", "message": "out of order"})
            return
        if parts.path.startswith(FILES):
            self._file(store, method, unquote(parts.path.removeprefix(FILES)).strip("/"), body, parse_qs(parts.query))
            return
        said = json.loads(body) if body else {name: values[0] for name, values in parse_qs(parts.query).items()}
        try:
            self._say(200, store.answer(method, parts.path, said))
        except Refused as refused:
            self._say(refused.status, {"error_code": refused.code, "message": str(refused)})

    def _file(self, store: MlflowServer, method: str, path: str, body: bytes, query: dict[str, list[str]]) -> None:
        if method == "PUT":
            store.files[path] = body
            self._say(200, {})
        else:
            self._say(200, store.list_files(query.get("path", [""])[0].strip("/")))

    def _say(self, status: int, value: dict[str, Any]) -> None:
        content = json.dumps(value).encode()
        with suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    store: MlflowServer


@contextmanager
def mlflow_server() -> Iterator[MlflowServer]:
    """Serve on a free port of the loopback while the block runs."""
    store = MlflowServer()
    with _Http(("127.0.0.1", 0), _Handler) as http:
        http.store = store
        store.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield store
        finally:
            store.closing.set()
            http.shutdown()
            thread.join()
