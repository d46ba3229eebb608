"""Canvas: the look of every plot, and how a figure becomes SVG or PNG, without any global state of matplotlib's.

Colours are tokens: in a file they are as written, in the HTML report each is replaced by a variable of its theme.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


INK, FAINT, RULE = "#1f2328", "#6e7681", "#d5d9de"
ACCENT, GOOD, BAD, SURFACE = "#2f6fb3", "#2a7d4f", "#b4483a", "#ffffff"
TOKENS = {INK: "ink", FAINT: "faint", RULE: "rule", ACCENT: "accent", GOOD: "good", BAD: "bad", SURFACE: "surface"}
FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
WIDTH_IN = 7.4


def themed(svg: str) -> str:
    """Return `svg` for inlining in HTML: no prolog, colours and fonts taken from the page."""
    body = svg[svg.index("<svg") :]
    for colour, token in TOKENS.items():
        body = body.replace(colour, f"var(--{token})")
    body = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1), count=1
    )
    return body


def _settings() -> Any:
    """Return a context in which text stays text and ids depend on nothing but the drawing."""
    import matplotlib

    return matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "assay", "font.family": "DejaVu Sans"})


def axes_of(height_in: float) -> tuple[Figure, Axes]:
    """Return an empty figure of the report's width and style with its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.add_subplot()
    axes.patch.set_alpha(0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(RULE)
    axes.tick_params(colors=FAINT, labelcolor=INK, labelsize=9, length=3, color=RULE)
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.6, alpha=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.label.set_color(FAINT)
    axes.xaxis.label.set_fontsize(9)
    axes.ticklabel_format(useOffset=False, style="plain")
    return figure, axes


def thousands(axis: Axis) -> None:
    """Write large values as the tables do: 12,000."""
    from matplotlib.ticker import StrMethodFormatter

    if max(abs(limit) for limit in axis.get_view_interval()) >= 1000:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def entitle(figure: Figure, text: str) -> None:
    """Write what a figure shows above it."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=10.5, color=INK)


def sideways(figure: Figure, axes: Axes) -> Figure:
    """Turn the grid for figures whose values run along the x axis."""
    thousands(axes.xaxis)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.6, alpha=0.6)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return figure


def interval(axes: Axes, value: float, y: float, low: float | None, high: float | None, colour: str) -> None:
    """Draw a value with its interval, where it has one, along the x axis."""
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=colour, linewidth=1.6, solid_capstyle="round")
    axes.plot(value, y, marker="o", markersize=6, color=colour, linestyle="none")


def label(axes: Axes, x: float, y: float, text: str, colour: str, *, above: bool) -> None:
    """Write beside a point, left of it and above or below."""
    axes.annotate(
        text, (x, y), xytext=(-3, 5 if above else -5), textcoords="offset points", ha="right",
        va="bottom" if above else "top", fontsize=9, color=colour,
    )  # fmt: skip


def remark(figure: Figure, text: str) -> None:
    """Write how a figure is read below it."""
    if text:
        figure.supxlabel(text, x=0.01, ha="left", fontsize=8.5, color=FAINT)


def empty(text: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure, axes = axes_of(2.0)
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", color=FAINT, fontsize=11, transform=axes.transAxes)
    return figure


def escaped(text: str) -> str:
    """Return text in which matplotlib does not read dollars as mathematics."""
    return text.replace("$", r"\$")


def as_svg(figure: Figure, name: str) -> str:
    """Return a figure as SVG whose ids begin with its name, the same for the same figure."""
    buffer = io.StringIO()
    with _settings():
        figure.savefig(buffer, format="svg", metadata=_no_metadata())
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*">', "<g>", text)
    text = re.sub(r'(id="|url\(#|xlink:href="#)', rf"\1{name}-", text)
    return text.replace("'DejaVu Sans'", FONTS)


def as_png(figure: Figure) -> bytes:
    """Return a figure as PNG on a light ground."""
    buffer = io.BytesIO()
    figure.patch.set_alpha(1)
    with _settings():
        figure.savefig(buffer, format="png", dpi=144, facecolor=SURFACE, metadata={"Software": None})
    return buffer.getvalue()


def _no_metadata() -> Mapping[str, None]:
    return {"Date": None, "Creator": None, "Format": None, "Type": None}
