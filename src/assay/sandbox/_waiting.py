"""What a waiting sandbox does until it is handed its script: the imports that the script begins with, then nothing.

Its text is laid out as `sitecustomize.py`, behind a line that sets ORDER, READY, MODULES and PLACE, and so runs in the
script's own interpreter after everything else that Python does at its start. When it ends, Python goes on to the script
as it always does: the script has its own `__main__`, arguments, path and first frame, and nothing is left of this.

Nobody's code but the listed packages' has run until then; sandbox and limits are in force from before the first import.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would be loaded for every script
    ORDER, READY = -1, -1
    MODULES: tuple[str, ...] = ()
    PLACE = ""


def _restore() -> bool:
    """Take our traces away and run the interpreter's own `sitecustomize`; return whether it has one."""
    sys.path.remove(PLACE)
    sys.path_importer_cache.pop(PLACE, None)
    os.environ.pop("PYTHONPATH", None)
    ours = sys.modules.pop("sitecustomize")
    try:
        __import__("sitecustomize")
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
        return False
    finally:
        sys.modules.setdefault("sitecustomize", ours)
    return True


def _prepare() -> None:
    for name in MODULES:
        try:
            __import__(name)
        except ModuleNotFoundError as error:
            if error.name != name or "." not in name:
                raise  # a name that is no module is an attribute: `from package import attribute`


def _wait() -> None:
    """Say what is loaded, wait for the word, and close both pipes: the script finds neither."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    os.write(READY, (",".join(sorted(loaded)) + "\n").encode())
    told = b""
    while chunk := os.read(ORDER, 1 << 16):
        told += chunk
    if not told.endswith(b"\0go"):
        os._exit(0)  # nobody wants us any more
    os.close(ORDER)
    for entry in told.decode().split("\0")[:-1]:
        if entry:
            name, _, value = entry.partition("=")
            os.environ[name] = value
    os.write(READY, b"g")
    os.close(READY)


_own = _restore()
try:
    _prepare()
except BaseException:
    os._exit(0)
_wait()
if not _own:
    # What Python finds where there is none; it goes on in silence.
    raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
