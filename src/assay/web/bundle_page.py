"""The page of a bundle: shell, styles, scripts and data in one HTML file.

Browsers load no module from a file, so each script becomes a `data:` address that an import map names; a hash in the
policy allows that map and the first line, and no other script.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.web.answers import json_answer

STATIC = Path(__file__).parent / "static"
_RELATIVE = re.compile(r"""(from\s+|import\s*\(\s*|import\s+)(["'`])\.{1,2}/""")
_START = 'import "assay/app.js";'


def page_text(answers: Mapping[str, Any], *, title: str) -> str:
    """Return the whole page.

    Args:
        answers: What each part of the page asks for, by its key.
        title: Of the page; plain text.
    """
    modules = json.dumps({"imports": dict(_modules())}, separators=(",", ":"))
    styles = "\n".join(path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.css"), key=_ui_first))
    policy = (
        f"default-src 'none'; script-src {_hash(modules)} {_hash(_START)} data:; style-src 'unsafe-inline'; "
        "img-src data:; frame-src 'none'; base-uri 'none'; form-action 'none'"
    )
    shell = (STATIC / "index.html").read_text(encoding="utf-8")
    body = shell[shell.index("<body>") : shell.rindex("</body>")]
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_escaped(title)}</title>",
            f"<style>{styles}</style>",
            f'<script type="importmap">{modules}</script>',
            "</head>",
            body,
            f'<script type="application/json" id="assay-data">{_inline(answers)}</script>',
            f'<script type="module">{_START}</script>',
            "</body>\n</html>\n",
        )
    )


def _modules() -> dict[str, str]:
    return {
        f"assay/{path.relative_to(STATIC).as_posix()}": _as_address(path)
        for path in sorted((*STATIC.glob("*.js"), *STATIC.glob("pages/*.js")))
    }


def _as_address(path: Path) -> str:
    """Return a script as an address, with its own imports by the names of the map."""
    text = _RELATIVE.sub(r"\1\2assay/", path.read_text(encoding="utf-8"))
    return f"data:text/javascript;base64,{base64.b64encode(text.encode()).decode()}"


def _inline(value: Any) -> str:
    """Return JSON that ends no script, whatever it says."""
    text = bytes(json_answer(value).body).decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _ui_first(path: Path) -> tuple[bool, str]:
    return path.name != "ui.css", path.name


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
