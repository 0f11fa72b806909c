"""Code shown in the documents is the code of the examples.

A block of code after the line <!-- examples/cat.cpp --> is that whole file, and one after the line
<!-- part of examples/cat.cpp --> is lines of it that follow each other, less or more indented.
"""

import re
import textwrap
from source import Complaint

BLOCK = re.compile(r"<!-- (examples/\S+) -->[^\n]*\n```cpp\n(.*?)```\n", re.DOTALL)

PART = re.compile(r"<!-- part of (examples/\S+) -->[^\n]*\n```cpp\n(.*?)```\n", re.DOTALL)


def holds(text, part):
    """Whether the lines of `part` stand in `text` as they are, apart from a common indentation."""
    lines = text.splitlines()
    wanted = textwrap.dedent(part).splitlines()
    return any(textwrap.dedent("\n".join(lines[at:at + len(wanted)])).splitlines() == wanted
               for at, line in enumerate(lines) if line.strip() == wanted[0].strip())


def check(files):
    examples = {source.path: source.text for source in files
                if source.path.startswith("examples/")}
    for source in files:
        for match in BLOCK.finditer(source.text) if source.path.endswith(".md") else ():
            line = source.text.count("\n", 0, match.start()) + 1
            if match.group(1) not in examples:
                yield Complaint(source.path, line, f"there is no {match.group(1)}")
            elif match.group(2) != examples[match.group(1)]:
                yield Complaint(source.path, line, f"this is not {match.group(1)} any more; "
                                "tests/tidy/tidy.py --paste puts it here")
        for match in PART.finditer(source.text) if source.path.endswith(".md") else ():
            line = source.text.count("\n", 0, match.start()) + 1
            if match.group(1) not in examples:
                yield Complaint(source.path, line, f"there is no {match.group(1)}")
            elif not holds(examples[match.group(1)], match.group(2)):
                yield Complaint(source.path, line, f"{match.group(1)} has no such lines any more")


def paste(root, files):
    examples = {source.path: source.text for source in files}
    for source in files:
        if source.path.endswith(".md"):
            text = BLOCK.sub(lambda m: f"<!-- {m.group(1)} -->\n```cpp\n"
                             f"{examples.get(m.group(1), m.group(2))}```\n", source.text)
            if text != source.text:
                (root / source.path).write_text(text, encoding="utf-8")
