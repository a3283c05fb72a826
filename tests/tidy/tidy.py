"""The rules of the source tree that no compiler knows, as functions from a tree to findings.

A finding is one line: "path:line: rule: what is wrong". `check(root)` applies every rule; where a
rule allows exceptions, they stand in the tables below, with the reason.
"""

import os
import re
import stat

SKIPPED_FOLDERS = {".git", "__pycache__", "node_modules", ".cache"}
CODE = (".h", ".cc")
TEXT = CODE + (".py", ".md", ".txt", ".cmake", ".json", ".proto", ".toml", ".yaml", ".yml", ".sh",
               ".dialog", ".html", ".css", ".js")
PROGRAMS = ("node/run", "node/build", "node/install", "tests/run", "bench/run", ".ci/run")

LINES_MAX = 600
# Longer files that are better whole: path -> most lines, and why.
LONG_FILES = {}

# ---- who may include whom ---------------------------------------------------
# Folder -> the folders whose headers it may include beside its own. The longest matching folder
# rules. "storage" stands for the headers of that folder itself, not for those of an engine.
BASE = ["node/base"]
MODEL = BASE + ["node/model"]
STORAGE = MODEL + ["node/ledger", "storage"]
SERVICE = STORAGE + ["node/service"]
FACE = SERVICE + ["node/frontend", "node/frontend/convert", "node/frontend/admin_calls",
                  "node/frontend/beast_util"]
MAY_INCLUDE = {
    "node/base": [],
    "node/model": BASE,
    "node/ledger": BASE,
    "storage": MODEL + ["node/ledger"],
    "storage/memory": MODEL + ["storage"],
    "storage/rocksdb": MODEL + ["storage"],
    "storage/testing": MODEL + ["storage"],
    "node/service": STORAGE,
    "node/frontend": SERVICE,
    "node/frontend/convert": SERVICE + ["node/frontend"],
    "node/frontend/admin_calls": SERVICE + ["node/frontend", "node/frontend/convert"],
    "node/frontend/beast_util": SERVICE + ["node/frontend"],
    "node/frontend/grpc": FACE,
    "node/frontend/http": FACE,
    "node/frontend/admin": FACE,
    "node/cli": MODEL + ["node/cli/ledger", "node/frontend", "node/ledger"],
    # Pure of gRPC and the node: what auditors run.
    "node/cli/ledger": MODEL + ["node/cli", "node/ledger"],
    "node/app": SERVICE + ["node/frontend", "node/frontend/grpc", "node/frontend/http",
                           "node/frontend/admin"],
}
# Only the registry turns a name into an engine.
INCLUDE_EXCEPTIONS = {"storage/registry.cc": ["storage/memory", "storage/rocksdb"]}

# Pattern of an include -> folders that may have it.
FOREIGN_INCLUDES = [
    (r"grpcpp/|grpc\+\+/", ["node/frontend/grpc", "node/cli", "bench", "tests"]),
    (r".*\.pb\.h", ["node/frontend/grpc", "node/frontend/convert", "node/frontend/admin_calls",
                    "node/frontend/http", "node/cli", "bench", "tests"]),
    (r"google/protobuf/", ["node/frontend/grpc", "node/frontend/convert", "node/frontend/http",
                           "node/cli", "bench", "tests"]),
    (r"boost/beast", ["node/frontend/http", "node/frontend/admin", "node/frontend/beast_util",
                      "node/cli/ledger",
                      "bench", "tests"]),
    (r"rocksdb/", ["storage/rocksdb", "bench"]),
    (r"toml\+\+/", ["node/app"]),
    (r"CLI/", ["node/app", "node/cli", "bench"]),
    (r"spdlog/", ["node/base"]),
    (r"prometheus/", ["node/base"]),
]

# ---- what no file may hold ----------------------------------------------------
# Rule, pattern, suffixes, folders or files where it holds, and where it does not.
BANNED = [
    # The product's time is injected. Tests and benchmarks are gRPC clients, whose deadlines are of
    # this clock.
    ("clock", r"system_clock::now", CODE, ["node", "storage"],
     ["node/base/clock.h", "node/base/clock.cc"]),
    ("cerr", r"std::cerr", CODE, ["node", "storage"],
     ["node/base/log.h", "node/base/log.cc", "node/cli", "node/app/main.cc"]),
    ("sleep", r"\bsleep_for\b|\bsleep_until\b|\busleep\b|\bnanosleep\b|time\.sleep|"
              r"(?<![\w.])sleep ?\(|from time import.*\bsleep\b", CODE + (".py",), ["tests"], []),
    ("throw", r"\bthrow\b", CODE, ["node", "storage"], []),
    ("glob", r"file\s*\(\s*GLOB", ("CMakeLists.txt", ".cmake"), [""], []),
]
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))")
# Written in pieces, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile("(?<![\\w.$}])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me"]) +
                          ")/\\w")

FOLDER_FILES_MAX = 5
README_TREES = ("node", "storage", "bench")


def files_of(root):
    """Paths of all files below `root`, relative to it, in order; builds are left out."""
    paths = []
    for folder, folders, names in os.walk(root):
        relative = os.path.relpath(folder, root)
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and
                            not (relative == "." and re.fullmatch(r"build(-.*)?", f)))
        for name in sorted(names):
            paths.append(os.path.normpath(os.path.join(relative, name)))
    return paths


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace",
              newline="") as file:
        return file.read()


def is_under(path, folder):
    return folder == "" or path == folder or path.startswith(folder + "/")


def is_text(path):
    return path.endswith(TEXT) or path in PROGRAMS or path.endswith(("Dockerfile", "CMakeLists.txt"))


def without_comments(code):
    """C++ with comments and the insides of strings blanked; line numbers stay."""
    pattern = re.compile(r'R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)

    def blank(match):
        text = match.group(0)
        kept = "\n" * text.count("\n")
        return kept if text.startswith("/") else '""' + kept

    return pattern.sub(blank, code)


def numbered_matches(pattern, text):
    for number, line in enumerate(text.split("\n"), 1):
        match = re.search(pattern, line)
        if match:
            yield number, match


def layer_of(path):
    """The longest folder of MAY_INCLUDE that holds `path`, or None."""
    fitting = [f for f in MAY_INCLUDE if is_under(path, f)]
    return max(fitting, key=len) if fitting else None


def check_includes(root, paths):
    for path in paths:
        if not path.endswith(CODE):
            continue
        layer = layer_of(path)
        for number, match in numbered_matches(r'^\s*#\s*include\s*(["<])([^">]+)[">]',
                                              read(root, path)):
            target = match.group(2)
            for pattern, allowed in FOREIGN_INCLUDES:
                if re.match(pattern, target) and not any(is_under(path, f) for f in allowed):
                    yield (f"{path}:{number}: include: {target} belongs to "
                           f"{', '.join(allowed)} only")
            if layer is None or match.group(1) != '"':
                continue
            target_layer = layer_of(target)
            if target_layer is None or target_layer == layer:
                if target.startswith(("tests/", "bench/")):
                    yield f"{path}:{number}: include: {target} is not part of the product"
                continue
            allowed = MAY_INCLUDE[layer] + INCLUDE_EXCEPTIONS.get(path, [])
            if target_layer not in allowed:
                yield f"{path}:{number}: include: {layer} must not know {target_layer} ({target})"


def check_banned(root, paths):
    for path in paths:
        for rule, pattern, suffixes, folders, exceptions in BANNED:
            if (not path.endswith(suffixes) or not any(is_under(path, f) for f in folders) or
                    any(is_under(path, e) for e in exceptions)):
                continue
            text = read(root, path)
            if path.endswith(CODE):
                text = without_comments(text)
            elif path.endswith(".py"):
                text = re.sub(r'"[^"\n]*"|#[^\n]*', "", text)
            for number, match in numbered_matches(pattern, text):
                yield f"{path}:{number}: {rule}: {match.group(0)} is not allowed here"


def check_text(root, paths):
    for path in paths:
        if not is_text(path):
            continue
        text = read(root, path)
        for number, match in numbered_matches(MACHINE_PATH, text):
            yield f"{path}:{number}: machine-path: {match.group(0)}… exists on one machine only"
        if not is_under(path, "tests/tidy"):
            for number, match in numbered_matches(TODO, text):
                yield f"{path}:{number}: todo: {match.group(1)} without an issue; write TODO(#12)"
        if "\r" in text or (text and not text.endswith("\n")):
            yield f"{path}:1: line-ends: lines end in a line feed, the last one too"


def check_length(root, paths):
    for path in paths:
        if not path.endswith(CODE + (".py",)) and path not in PROGRAMS:
            continue
        lines = read(root, path).count("\n")
        if lines > LONG_FILES.get(path, LINES_MAX):
            yield f"{path}:1: length: {lines} lines; split it, {LINES_MAX} is the most"


def check_headers(root, paths):
    for path in paths:
        if path.endswith(".h") and not read(root, path).startswith("#pragma once\n"):
            yield f"{path}:1: pragma-once: a header begins with #pragma once"


def check_readmes(root, paths):
    """Folders of more than five files explain themselves (node/, storage/, bench/).

    A folder that is but a part of the one above may be explained there: that README names it.
    Decisions of a part may stand above, too.
    """
    def decides(path):
        return path in paths and re.search(r"^#+ Decisions$", read(root, path), re.M)


    folders = {}
    for path in paths:
        folders.setdefault(os.path.dirname(path), []).append(os.path.basename(path))
    for folder, names in sorted(folders.items()):
        if not any(is_under(folder, tree) for tree in README_TREES):
            continue
        if len([n for n in names if n != "README.md"]) <= FOLDER_FILES_MAX:
            continue
        above = os.path.dirname(folder) + "/README.md"
        if "README.md" in names:
            if not decides(folder + "/README.md") and not decides(above):
                yield f"{folder}/README.md:1: readme: there is no section \"Decisions\""
        elif above not in paths or os.path.basename(folder) + "/" not in read(root, above):
            yield (f"{folder}:1: readme: a folder of more than {FOLDER_FILES_MAX} files has a "
                   "README.md, or is named in the one above")


def structure(markdown):
    """Levels of the headings, languages of the code blocks, and the text of those in sh."""
    shape = []
    fence = None
    for line in markdown.split("\n"):
        if fence is not None:
            if line.startswith("```"):
                shape.append(fence)
                fence = None
            elif fence[0].startswith("sh"):
                # Comments are for people, and people read one language.
                command = line.split(" #")[0].rstrip()
                if command and not command.startswith("#"):
                    fence[1].append(command)
        elif line.startswith("```"):
            fence = (line[3:].strip(), [])
        elif re.match(r"#{1,6} ", line):
            shape.append(line.split(" ")[0])
    return shape


def check_twins(root, paths):
    """README.zh.md has the headings and the commands of README.md, in the same order."""
    for path in paths:
        if not path.endswith("README.zh.md"):
            continue
        twin = path.replace("README.zh.md", "README.md")
        if twin not in paths:
            yield f"{path}:1: twin: {twin} does not exist"
            continue
        ours, theirs = structure(read(root, path)), structure(read(root, twin))
        if ours != theirs:
            differing = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b),
                             min(len(ours), len(theirs)))
            yield (f"{path}:1: twin: headings and commands differ from {twin} from part "
                   f"{differing + 1} on")
    if "README.md" in paths and "README.zh.md" not in paths:
        yield "README.md:1: twin: README.zh.md does not exist"


def check_programs(root, paths):
    for path in paths:
        if path in PROGRAMS and not os.stat(os.path.join(root, path)).st_mode & stat.S_IXUSR:
            yield f"{path}:1: program: it cannot be executed; chmod +x"


RULES = [check_includes, check_banned, check_text, check_length, check_headers, check_readmes,
         check_twins, check_programs]


def check(root):
    paths = files_of(root)
    findings = []
    for rule in RULES:
        findings += rule(root, paths)
    return findings
