"""A picture of a few numbers for the Dagster UI: bars to both sides of zero, as an image inside Markdown."""

import base64
from collections.abc import Mapping
from html import escape

_WIDTH, _ROW, _LABEL, _VALUE = 720, 20, 200, 80


def markdown(title: str, values: Mapping[str, float]) -> str:
    """Return Markdown with `title` and one bar per value, the longest as wide as there is room; text without values."""
    if not values:
        return f"**{title}**: nothing to show"
    picture = base64.b64encode(_svg(values).encode()).decode()
    return f"**{title}**\n\n![{title}](data:image/svg+xml;base64,{picture})"


def _svg(values: Mapping[str, float]) -> str:
    low, high = min(0.0, *values.values()), max(0.0, *values.values())
    room = _WIDTH - _LABEL - _VALUE
    scale = room / (high - low) if high > low else 0.0
    zero = _LABEL - low * scale
    rows = []
    for place, (name, value) in enumerate(values.items()):
        top, length = place * _ROW, abs(value) * scale
        left = zero if value >= 0 else zero - length
        rows.append(
            f'<text x="0" y="{top + 14}">{escape(name)}</text>'
            f'<rect x="{left:.1f}" y="{top + 3}" width="{length:.1f}" height="14"'
            f' fill="{"#2f6f9f" if value >= 0 else "#b5482f"}"/>'
            f'<text x="{_WIDTH - _VALUE + 8}" y="{top + 14}">{value:.4g}</text>'
        )
    height = len(values) * _ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' font-family="sans-serif" font-size="12" fill="#444">{"".join(rows)}</svg>'
    )
