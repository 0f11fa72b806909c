"""The table of layers: who may include whom. It is the one in docs/architecture.md."""

import re
from source import Complaint, includes_of

BELOW_SHARD = {"completion", "ring", "task", "kernel", "buffers"}

# Besides its own folder, outcome and the standard library. Direct includes only.
MAY_INCLUDE = {
    "outcome": set(),
    "buffers": set(),
    "task": set(),
    "kernel": {"liburing"},
    "ring": {"kernel", "buffers", "liburing"},
    "completion": {"ring", "task"},
    "shard": BELOW_SHARD,
    "op": BELOW_SHARD | {"shard", "liburing"},
    "fs": {"op", "shard", "task", "buffers"},
    "net": {"op", "shard", "task", "buffers"},
    "the front door": BELOW_SHARD | {"shard", "op", "fs", "net"},
}


def layer_of(path):
    """The layer that a file (or the name in an include, after pelton/) belongs to, or None."""
    parts = path.split("/")
    if parts[0] == "buffers":
        return "buffers"
    if parts[0] == "runtime":
        return parts[1] if len(parts) > 2 else "the front door"
    return None


def check(files):
    for source in files:
        if not source.is_cpp:
            continue
        layer = layer_of(source.path)
        for line, quote, name in includes_of(source.text):
            if problem := refuse(source.path, layer, quote, name):
                yield Complaint(source.path, line, problem)


def refuse(path, layer, quote, name):
    if quote == '"':
        return None if path.startswith("tests/") else (
            f'"{name}": a header of ours is included as <pelton/...>, the path in the repository')
    if layer is None:
        return None
    if layer not in MAY_INCLUDE:
        return f"{layer} is no layer of the table in tests/tidy/layers.py"
    if name.startswith("pelton/"):
        to = layer_of(name.removeprefix("pelton/"))
        if to is None:
            return f"<{name}>: the library includes nothing of that folder"
        if to in {layer, "outcome"} | MAY_INCLUDE[layer]:
            return None
        return f"<{name}>: {layer} may not include {to}"
    if name.startswith("liburing"):
        if "liburing" in MAY_INCLUDE[layer]:
            return None
        return f"<{name}>: {layer} may not include liburing"
    if name.startswith("fmt/"):
        return None if path.endswith(".cpp") else f"<{name}>: fmt is for .cpp files"
    if re.fullmatch(r"[a-z_]+", name) or re.fullmatch(r"((sys|linux|net|netinet|arpa)/)?\w+\.h",
                                                      name):
        return None  # the standard library, or a system header, which calls.py judges
    return f"<{name}>: Pelton does not depend on this"
