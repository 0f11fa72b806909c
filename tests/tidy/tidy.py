#!/usr/bin/env python3
"""Checks of what the code looks like rather than of what it does.

    tidy.py                     all checks of the text
    tidy.py layers|calls|shape|readme|features
    tidy.py symbols OBJECT...   the undefined symbols of compiled files
    tidy.py --self-test CHECK   whether the check finds what it should in fixtures/CHECK
    tidy.py --paste             puts examples and features into the documents that show them
"""

import re
import sys
from pathlib import Path

import calls
import features
import layers
import readme
import shape
from source import sources

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {"layers": layers.check, "calls": calls.check, "shape": shape.check,
          "readme": readme.check, "features": features.check}


def self_test(name):
    """A fixture says `refused: <words>` on each line that the check must complain about, with
    these words in the complaint. Everything else in it must pass."""
    files = sources(ROOT / "tests/tidy/fixtures" / name)
    expected = {(source.path, number): found.group(1)
                for source in files for number, line in enumerate(source.lines, 1)
                if (found := re.search(r"refused: (.+?)(?: \*/| -->|$)", line))}
    wrong = []
    for complaint in CHECKS[name](files):
        words = expected.get((complaint.path, complaint.line))
        if words is None or words not in complaint.text:
            wrong.append(f"should not have been said: {complaint}")
        else:
            expected[complaint.path, complaint.line] = ""
    wrong += [f"{path}:{line}: not found: {words}"
              for (path, line), words in expected.items() if words]
    if not expected:
        wrong.append(f"fixtures/{name} holds nothing to refuse")
    return wrong


def main(arguments):
    if arguments[:1] == ["--self-test"]:
        found = self_test(arguments[1])
    elif arguments[:1] == ["symbols"]:
        found = list(calls.check_objects(arguments[1:]))
    elif arguments == ["--paste"]:
        readme.paste(ROOT, sources(ROOT))
        features.paste(ROOT, sources(ROOT))
        found = []
    else:
        files = sources(ROOT)
        found = [complaint for name in arguments or CHECKS for complaint in CHECKS[name](files)]
    for each in found:
        print(each)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
