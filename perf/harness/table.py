# SPDX-License-Identifier: Apache-2.0
"""The table that a run ends with: aim, ours, peer, ratio, verdict."""

HEAD = ("benchmark", "aim", "ours", "unit", "peer", "theirs", "ratio", "verdict")
RIGHT = {"ours", "theirs", "ratio"}


def number(value):
    """Three digits that matter."""
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(found):
    """Median and range."""
    if found is None:
        return ""
    if found["min"] == found["max"]:
        return number(found["median"])
    return f"{number(found['median'])} ({number(found['min'])}..{number(found['max'])})"


def cells(row):
    return (row["benchmark"], ", ".join(row["aims"]), spread(row["ours"]), row["unit"], row["peer_title"] or "",
            spread(row["theirs"]), f"{row['ratio']:.2f}" if row["ratio"] is not None else "", row["verdict"])


def text(rows):
    lines = [cells(row) for row in rows]
    widths = [max(len(line[column]) for line in [HEAD, *lines]) for column in range(len(HEAD))]
    out = []
    for line in [HEAD, *lines]:
        out.append("  ".join(word.rjust(width) if name in RIGHT else word.ljust(width)
                             for name, word, width in zip(HEAD, line, widths)).rstrip())
    return "\n".join(out)


def word(cell):
    """A cell of a benchmark's own table: text, or a number."""
    return number(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else "" if cell is None else str(cell)


def own(each):
    """A table that a benchmark made itself: {"title", "head", "rows"}."""
    lines = [[word(cell) for cell in row] for row in (each["head"], *each["rows"])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(each["head"]))]
    out = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([each["title"], *(f"  {line}" for line in out)])
