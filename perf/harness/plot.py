# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG text: bars with their range, and lines over x."""
import html
import math

from .table import number

COLOURS = ("#1f5fa8", "#d9822b", "#3c8d5a", "#8a4fa3", "#b03a48", "#6b6b6b")
WIDTH, LEFT, RIGHT = 760, 210, 90


def nice(most):
    """A round number of at least `most`, and a step of the grid."""
    if most <= 0:
        return 1.0, 0.5
    step = 10 ** math.floor(math.log10(most))
    step = next(step * factor for factor in (0.2, 0.5, 1, 2) if most / (step * factor) <= 6)
    return math.ceil(most / step) * step, step


def element(name, text=None, **attributes):
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{words}/>" if text is None else f"<{name}{words}>{html.escape(text)}</{name}>"


def picture(width, height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="13">{element("title", title)}{"".join(parts)}</svg>')


def label(x, y, text, anchor="start", **more):
    return element("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, fill="#222", **more)


def bars(title, unit, entries):
    """A bar for each (label, {"median", "min", "max"}, index of the colour); the range as a whisker."""
    row, top = 28, 30
    height = top + row * len(entries) + 40
    end, step = nice(max(entry[1]["max"] for entry in entries))
    scale = (WIDTH - LEFT - RIGHT) / end
    parts = [label(0, 16, title, font_weight="bold")]
    for tick in range(int(round(end / step)) + 1):
        x = LEFT + tick * step * scale
        parts.append(element("line", x1=x, y1=top, x2=x, y2=height - 34, stroke="#ddd"))
        parts.append(label(x, height - 18, number(tick * step) if tick else "0", "middle", font_size=11))
    parts.append(label(LEFT + end * scale / 2, height - 3, unit, "middle", font_size=11))
    for index, (name, value, colour) in enumerate(entries):
        y = top + index * row + 4
        parts.append(label(LEFT - 8, y + 14, name, "end"))
        parts.append(element("rect", x=LEFT, y=y, width=round(max(value["median"] * scale, 1), 1), height=row - 8,
                             fill=COLOURS[colour % len(COLOURS)]))
        low, high, middle = LEFT + value["min"] * scale, LEFT + value["max"] * scale, y + (row - 8) / 2
        if high - low > 1:
            parts.append(element("path", d=f"M{low:.1f} {middle - 4}v8m0 -4H{high:.1f}m0 -4v8", stroke="#111", fill="none"))
        parts.append(label(max(high, LEFT) + 6, y + 14, number(value["median"])))
    return picture(WIDTH, height, title, parts)


def lines(title, x_unit, y_unit, series, height=300):
    """A line for each (label, [(x, y), ...])."""
    points = [point for _, line in series for point in line]
    x_end, x_step = nice(max(x for x, _ in points))
    y_end, y_step = nice(max(y for _, y in points))
    left, top, bottom, right = 60, 30, height - 45, WIDTH - 150
    across, up = (right - left) / x_end, (bottom - top) / y_end
    parts = [label(0, 16, title, font_weight="bold")]
    for tick in range(int(round(x_end / x_step)) + 1):
        x = left + tick * x_step * across
        parts.append(element("line", x1=x, y1=top, x2=x, y2=bottom, stroke="#ddd"))
        parts.append(label(x, bottom + 16, number(tick * x_step) if tick else "0", "middle", font_size=11))
    for tick in range(int(round(y_end / y_step)) + 1):
        y = bottom - tick * y_step * up
        parts.append(element("line", x1=left, y1=y, x2=right, y2=y, stroke="#ddd"))
        parts.append(label(left - 6, y + 4, number(tick * y_step) if tick else "0", "end", font_size=11))
    parts.append(label((left + right) / 2, height - 8, x_unit, "middle", font_size=11))
    parts.append(label(left, top - 4, y_unit, font_size=11))
    for index, (name, line) in enumerate(series):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{left + x * across:.1f},{bottom - y * up:.1f}" for x, y in line)
        parts.append(element("polyline", points=path, fill="none", stroke=colour, stroke_width=2))
        parts.append(element("rect", x=right + 12, y=top + index * 20, width=12, height=12, fill=colour))
        parts.append(label(right + 30, top + 11 + index * 20, name))
    return picture(WIDTH, height, title, parts)


LICENCE = "<!-- SPDX-License-Identifier: Apache-2.0 -->"


def file_text(svg):
    """As a file of its own: plots have no ground, and are read on dark pages too."""
    return f'{LICENCE}\n{svg.replace("<title>", """<rect width="100%" height="100%" fill="#fff"/><title>""", 1)}\n'


def drawn(each):
    """A plot that a benchmark made itself: lines over x, or {"bars": [[label, value, index of the colour], ...]}."""
    if "bars" not in each:
        return lines(each["title"], each["x"], each["y"], each["series"])
    return bars(each["title"], each["unit"], [(name, dict.fromkeys(("median", "min", "max"), value), colour)
                                              for name, value, colour in each["bars"]])
