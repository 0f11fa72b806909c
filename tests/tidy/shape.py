"""The shape of the code: columns, lines of a file and of a function, names, leftovers."""

import re
from pathlib import PurePosixPath
from source import Complaint, code_of

COLUMNS_MAX = 100
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70

# Files that may be longer than FILE_LINES_MAX, each with the reason why it is not two files.
LONG_FILES = {}

NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc", "base"}
LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
ASSERT = re.compile(r"(?<![\w.>:])assert\s*\(|#\s*include\s*<(?:cassert|assert\.h)>")


def check(files):
    for source in files:
        yield from check_file(source)
        if source.is_cpp:
            yield from check_functions(source)


def check_file(source):
    path = PurePosixPath(source.path)
    if path.stem.lower() in NAMELESS:
        yield Complaint(source.path, 1, f"{path.stem} names no idea; name the file after its noun")
    prose = path.suffix in {".md", ".json"}
    if len(source.lines) > FILE_LINES_MAX and not prose and source.path not in LONG_FILES:
        yield Complaint(source.path, 1, f"{len(source.lines)} lines, and {FILE_LINES_MAX} are the "
                        "most; make it two files, or name it in LONG_FILES with the reason")
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX and not prose:
            yield Complaint(source.path, number, f"{len(line)} columns, {COLUMNS_MAX} at most")
        if found := LEFTOVER.search(line):
            yield Complaint(source.path, number, f"{found.group()}: do it, or write down why not")
        if line != line.rstrip() and path.suffix != ".md":
            yield Complaint(source.path, number, "blanks at the end of the line")
    if source.is_cpp:
        code = code_of(source.text)
        for match in ASSERT.finditer(code):
            yield Complaint(source.path, code.count("\n", 0, match.start()) + 1,
                            "assert() is gone in a release build; use check()")


NOT_A_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$|=\s*$")

ATTRIBUTE = re.compile(r"alignas\s*\([^()]*(?:\([^()]*\))?[^()]*\)")


def check_functions(source):
    for first, last in functions(code_of(source.text)):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield Complaint(source.path, first, f"a function of {last - first + 1} lines, "
                            f"{FUNCTION_LINES_MAX} at most")


def functions(code):
    """(first line, last line) of each function that is not inside another. Text between the last
    ; { or } and a { that has parentheses, and is not the head of a type, is a function's head."""
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    scopes = []  # for each open brace: the line of the head when it is an outermost function
    head_start = 0
    parentheses = 0
    for at, char in enumerate(code):
        inside = any(scope is not None for scope in scopes)
        if char in "()":
            parentheses += 1 if char == "(" else -1
        elif char == ";" and not inside and parentheses == 0:
            head_start = at + 1
        elif char == "{":
            head = ATTRIBUTE.sub(lambda m: " " * len(m.group()), code[head_start:at])
            is_function = (not inside and parentheses == 0 and "(" in head
                           and not NOT_A_FUNCTION.search(head))
            lead = len(head) - len(head.lstrip())
            scopes.append(code.count("\n", 0, head_start + lead) + 1 if is_function else None)
            if not inside:
                head_start = at + 1
        elif char == "}" and scopes:
            first = scopes.pop()
            if first is not None:
                yield first, code.count("\n", 0, at) + 1
                parentheses = 0
            if first is not None or not inside:
                head_start = at + 1
