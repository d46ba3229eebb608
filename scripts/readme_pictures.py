"""Makes the pictures of the README from a real demonstration: docs/images/demo.svg and report-light|dark.png.

Start it as: uv run python scripts/readme_pictures.py

It runs `assay demo` on a terminal of its own, which takes a minute on an idle machine, and needs Chromium for the
report. With --keep FOLDER the run and the session are kept there and, if they are there already, used again.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLUMNS = 104
REPORT = (860, 668)
"""Pixels of a page's first box, before scaling."""
SCALE = 1.5
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder of the demonstration's run and session")
    keep = parser.parse_args().keep
    with tempfile.TemporaryDirectory() as temporary:
        folder = (keep or Path(temporary)).absolute()
        session = folder / "session.txt"
        if not session.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            session.write_bytes(record(folder))
        IMAGES.mkdir(parents=True, exist_ok=True)
        # As text it would lose the returns that a live view draws with.
        text = session.read_bytes().decode("utf-8", "replace").replace(f"{folder}/", "")
        (IMAGES / "demo.svg").write_text(terminal_svg(screen(text)), encoding="utf-8")
        (report,) = folder.glob("runs/demo-*/report.html")
        for theme in ("light", "dark"):
            (IMAGES / f"report-{theme}.png").write_bytes(report_png(report, theme))
    for picture in sorted(IMAGES.iterdir()):
        print(f"{picture}: {picture.stat().st_size / 1000:.0f} kB")


def record(folder: Path) -> bytes:
    """Return everything that `assay demo` writes to a terminal, run in `folder`."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        env = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "COLUMNS", "LINES")}
        os.execve(sys.executable, [sys.executable, "-m", "assay", "demo"], {**env, "TERM": "xterm-256color"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    chunks = []
    try:
        while data := os.read(terminal, 65536):
            chunks.append(data)
    except OSError:
        pass  # how Linux says that the other side is gone
    _, status = os.waitpid(pid, 0)
    said = b"".join(chunks)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the demonstration failed:\n{said[-2000:].decode('utf-8', 'replace')}")
    return said


def screen(written: str) -> str:
    """Return what stands on an endless terminal in the end, colours included.

    Knows what a live view uses: line ends, returns, cursor up, erased lines, colours; and long lines wrap.
    """
    lines: list[list[str]] = [[]]
    row = column = 0
    style = ""
    for codes, command, end, text in TOKEN.findall(written):
        if command == "m":
            style = "" if codes in ("", "0") else f"\x1b[{codes}m"
        elif command == "A":
            row = max(0, row - int(codes or 1))
        elif command == "K":
            lines[row] = []
        elif end == "\r":
            column = 0
        elif end == "\n":
            row, column = row + 1, 0
            lines += [[] for _ in range(row + 1 - len(lines))]
        for character in text:
            if column == COLUMNS:
                row, column = row + 1, 0
                lines += [[] for _ in range(row + 1 - len(lines))]
            lines[row] += [" "] * (column + 1 - len(lines[row]))
            lines[row][column] = f"{style}{character}\x1b[0m" if style else character
            column += 1
    return "\n".join("".join(line).rstrip() for line in lines).strip("\n")


def terminal_svg(text: str) -> str:
    """Return a picture of a terminal that shows `text`, with nothing in it that a viewer would have to load."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(
        Text.from_ansi(f"$ \x1b[1massay demo\x1b[0m\n{text}"), soft_wrap=False, overflow="ellipsis", no_wrap=True
    )
    svg = console.export_svg(title="assay demo", unique_id="demo")
    return FONT_FACES.sub("", svg).replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas")


def report_png(report: Path, theme: str) -> bytes:
    """Return the first box of a report as a browser shows it to people who like it `light` or `dark`."""
    from PIL import Image

    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SystemExit(f"none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as temporary:
        shot = Path(temporary) / "shot.png"
        subprocess.run(
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                f"--force-device-scale-factor={SCALE}",
                f"--window-size={REPORT[0]},{REPORT[1]}",
                f"--blink-settings=preferredColorScheme={int(theme == 'light')}",
                f"--user-data-dir={temporary}/profile",
                f"--screenshot={shot}",
                report.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        small = io.BytesIO()
        Image.open(shot).convert("RGB").quantize(64).save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
