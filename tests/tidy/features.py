"""The table of kernel features in docs/kernel.md is that of runtime/ring/feature.cpp.

It stands between the lines <!-- features --> and <!-- end of features -->. tidy.py --paste writes
it, so that a new row of the code needs none in the document.
"""

import re
from source import Complaint

CODE = "runtime/ring/feature.cpp"
DOCUMENT = "docs/kernel.md"
TABLE = re.compile(r"(<!-- features -->[^\n]*\n)(.*?)(<!-- end of features -->)", re.DOTALL)
ROW = re.compile(r'\{feature::(\w+),\s*"(\w+)",\s*"([\d.]+)",\s*(\w+),\s*([\w:]+),\s*'
                 r'((?:"[^"\n]*"\s*)+)\}')
REMEDY = "tests/tidy/tidy.py --paste puts it here"
HEAD = "| feature | since | how it is asked for | without it |\n|---|---|---|---|\n"

# For each kind of a feature, what ring/setup.cpp and ring/ring.cpp do to find it.
PROBES = {
    "setup_flag": "set-up flag, given up on EINVAL",
    "enter_flag": "feature bit of the set-up",
    "setup_answer": "feature bit of the set-up",
    "registration": "tried once at start",
    "opcode": "opcode probe",
    "polled_flag": "set-up flag of a polled queue",
    "assumed": "none; it shows where it is used",
}


def probe_of(name, kind, value):
    """An opcode that stands for something else that came with it is named."""
    opcode = value.removeprefix("abi::op_")
    if kind == "opcode" and opcode != name:
        return f"opcode probe of `{opcode}`, which came with it"
    return PROBES[kind]


def rows_of(code):
    for _, name, since, kind, value, words in ROW.findall(code):
        text = "".join(re.findall(r'"([^"]*)"', words))
        yield f"| `{name}` | {since} | {probe_of(name, kind, value)} | {text} |\n"


def complaints_of(code, document):
    kinds = {row[3] for row in ROW.findall(code)}
    if unknown := kinds - PROBES.keys():
        yield Complaint(CODE, 1, f"tests/tidy/features.py does not know how a feature of the kind "
                        f"{', '.join(sorted(unknown))} is asked for")
        return
    rows = len(ROW.findall(code))
    if rows == 0 or rows != code.count("{feature::"):
        yield Complaint(CODE, 1, f"{code.count('{feature::')} features, of which "
                        f"{rows} can be read by tests/tidy/features.py")
        return
    found = TABLE.search(document)
    if not found:
        yield Complaint(DOCUMENT, 1, "there is no table after <!-- features -->")
        return
    first = document.count("\n", 0, found.start(2)) + 1
    wanted = {line.split("|")[1].strip(): line.rstrip() for line in rows_of(code)}
    shown = {}
    for number, line in enumerate(found.group(2).splitlines()[HEAD.count("\n"):]):
        name = (line.split("|") + [""])[1].strip()
        shown[name] = line
        if line != wanted.get(name):
            yield Complaint(DOCUMENT, first + HEAD.count("\n") + number, f"{CODE} has it "
                            f"otherwise; {REMEDY}")
    for name in wanted.keys() - shown.keys():
        yield Complaint(DOCUMENT, first - 1, f"{CODE} also has {name}; {REMEDY}")
    if list(shown) != list(wanted) and shown.keys() == wanted.keys():
        yield Complaint(DOCUMENT, first - 1, f"{CODE} has another order; {REMEDY}")


def texts(files):
    by_path = {source.path: source.text for source in files}
    return by_path.get(CODE, ""), by_path.get(DOCUMENT, "")


def check(files):
    yield from complaints_of(*texts(files))


def paste(root, files):
    code, document = texts(files)
    text = TABLE.sub(lambda m: m.group(1) + HEAD + "".join(rows_of(code)) + m.group(3), document)
    if text != document:
        (root / DOCUMENT).write_text(text, encoding="utf-8")
