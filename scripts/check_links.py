#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that relative links of Markdown files point to files that exist: check_links.py FILE.md ..."""
import pathlib
import re
import sys
import urllib.parse

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def broken_links(path):
    text = CODE.sub(lambda match: "\n" * match.group(0).count("\n"), path.read_text(encoding="utf-8"))
    for match in LINK.finditer(text):
        target = match.group(1) or match.group(2)
        parts = urllib.parse.urlsplit(target)
        if parts.scheme or not parts.path:
            continue
        if not (path.parent / urllib.parse.unquote(parts.path)).exists():
            yield text.count("\n", 0, match.start()) + 1, target


def main():
    status = 0
    for name in sys.argv[1:]:
        for line, target in broken_links(pathlib.Path(name)):
            print(f"{name}:{line}: no such file: {target}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
