"""Reading the tree: which files there are, and C++ text without its comments and literals."""

import re
from pathlib import Path
from typing import NamedTuple


class Complaint(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Source(NamedTuple):
    path: str  # from the root, with slashes
    text: str

    @property
    def lines(self):
        return self.text.splitlines()

    @property
    def is_cpp(self):
        return self.path.endswith((".cpp", ".hpp"))


FOLDERS = ("buffers", "runtime", "examples", "bench", "tests", "cmake", "docs", "tools",
           ".ci")
FIXTURES = "tests/tidy/fixtures/"


def sources(root):
    """All text files of the project below `root`, the bad examples of this checker apart."""
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and "__pycache__" not in name and not name.startswith(FIXTURES):
                found.append(Source(name, path.read_text(encoding="utf-8")))
    found += [Source(p.name, p.read_text(encoding="utf-8")) for p in sorted(Path(root).glob("*.*"))
              if p.is_file()]
    return found


# The only places where a quote, a slash or an R can start something that is not code.
_LEXEME = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bR"(?P<delimiter>[^(\s]*)\(.*?\)(?P=delimiter)\""""
    r"""|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""", re.DOTALL)


def code_of(text):
    """The code alone: comments and literals become blanks, and every line keeps its number.
    The names in #include lines stay."""
    def blank(match):
        lexeme = match.group()
        line_start = text.rfind("\n", 0, match.start()) + 1
        if lexeme[0] == '"' and text[line_start:match.start()].strip() == "#include":
            return lexeme
        return re.sub(r"[^\n]", " ", lexeme)
    return _LEXEME.sub(blank, text)


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes_of(text):
    """(line number, '<' or '"', name) of every include."""
    code = code_of(text)
    return [(code.count("\n", 0, m.start(1)) + 1, m.group(1), m.group(2))
            for m in INCLUDE.finditer(code)]
