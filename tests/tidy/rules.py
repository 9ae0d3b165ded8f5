"""The house rules, one function each: (path, text) -> [(line, rule, what is wrong)]."""

import re

from source import code_only, functions

CODE_LINES = 450       # of a file in src, include and jobs
TEST_LINES = 600       # of a file in tests and scripts
FUNCTION_LINES = 70
TEST_CASE_LINES = 100

# Folder -> what a quoted include in it may begin with.
LAYERS = {
    "include/thresh": ["thresh"],
    "jobs": ["thresh"],
    "src/core": ["core", "thresh"],
    "src/schedule": ["schedule", "core", "thresh"],
    "src/storage": ["storage", "core", "thresh"],
    "src/comm": ["comm", "core", "thresh"],
    "src/engine": ["engine", "schedule", "storage", "comm", "core", "thresh"],
    "src/report": ["report", "core", "thresh"],
    "src/cli": ["cli", "engine", "schedule", "storage", "core", "thresh"],
    "src": ["cli"],
}

# Header -> the folder that it is for.
HOMES = [
    (re.compile(r"mpi(-ext)?\.h$"), "src/comm"),
    (re.compile(r"(hdf5|H5[A-Za-z]*)\.h$"), "src/storage"),
    (re.compile(r"CLI/"), "src/cli"),
]

IMPURE = re.compile(r"(thread|mutex|condition_variable|future|fstream|filesystem|iostream|ctime|cstdio|unistd\.h"
                    r"|fcntl\.h|time\.h|stdio\.h|sys/.*|spdlog/.*)$")

# Rule, what is banned, what to do instead, folders where it is allowed.
BANNED = [
    ("exit", r"(?<![\w.>])(?:std::)?(?:exit|quick_exit)\s*\(", "throw thresh::Error", []),
    ("_exit", r"(?<!\w)_[eE]xit\s*\(", "throw thresh::Error", ["src/engine"]),
    ("system", r"(?<![\w.>])(?:std::)?(?:system|popen)\s*\(", "run no shell", []),
    ("sprintf", r"\bv?sprintf\s*\(", "fmt::format or snprintf", []),
    ("strcpy", r"\b(?:strcpy|strcat|strncpy|gets)\s*\(", "std::string", []),
    ("rand", r"(?<![\w.>])(?:std::)?s?rand\s*\(", "a generator with a seed of ours", []),
    ("std::hash", r"\bstd::hash\b", "thresh::hash_bytes, which is the same everywhere", []),
    ("raw-new", r"(?<!operator )(?<!::)(?<!\.reset\()(?<!>\()\bnew\b(?!\s*=)", "std::make_unique or a container", []),
    ("raw-delete", r"(?<!operator )(?<!= )(?<!=)\bdelete\b", "std::unique_ptr or a container", []),
    ("MPI_Abort", r"\bMPI_Abort\b", "throw; the outermost layer ends the job", ["src/comm", "src/engine"]),
    ("std::endl", r"\bstd::endl\b", r"'\n'", []),
    ("using-namespace", r"\busing\s+namespace\s+std\s*;", "name what you use", []),
    ("atoi", r"(?<![\w.>])(?:std::)?ato(?:i|l|ll|f)\s*\(", "std::from_chars", []),
]

LEFT_OVER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "src", "include", "jobs", "scripts", "tests", "data", "docs",
             "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", ".ci", ".clang-format",
             ".clang-tidy", ".gitignore", ".gitattributes"}


def is_code(path):
    return path.endswith((".cpp", ".hpp"))


def is_ours(path):
    return path.startswith(("src/", "include/", "jobs/"))


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def layer_of(path):
    folders = [folder for folder in LAYERS if path.startswith(folder + "/")]
    return max(folders, key=len, default=None)


def check_includes(path, text):
    layer = layer_of(path)
    if layer is None or not is_code(path):
        return []
    found = []
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', text, re.M):
        quoted, name = match.group(1) == '"', match.group(2)
        line = line_of(text, match.start(1))
        if quoted and name.split("/")[0] not in LAYERS[layer]:
            found.append((line, "layers", f"{layer} may not include {name}"))
        if not quoted and name.split("/")[0] in {f.split("/")[1] for f in LAYERS if f.startswith("src/")} | {"thresh"}:
            found.append((line, "layers", f"our own {name} is included in quotes"))
        for header, home in HOMES:
            if header.match(name) and layer != home:
                found.append((line, "layers", f"{name} is for {home} alone"))
            if header.match(name) and home == "src/storage" == layer and path.endswith(".hpp"):
                found.append((line, "layers", f"{name} is for the .cpp files of {home} alone"))
        if layer == "src/schedule" and IMPURE.match(name):
            found.append((line, "purity", f"{layer} knows no clock, file or thread: {name}"))
    return found


def check_purity(path, text):
    if layer_of(path) != "src/schedule":
        return []
    code = code_only(text)
    return [(line_of(code, m.start()), "purity", "src/schedule is told the time, it does not ask for it")
            for m in re.finditer(r"_clock::now\b|\bgetenv\b", code)]


def check_calls(path, text):
    if not (is_code(path) and is_ours(path)):
        return []
    code, lines, found = code_only(text), text.split("\n"), []
    for rule, pattern, instead, homes in BANNED:
        if layer_of(path) in homes:
            continue
        for match in re.finditer(pattern, code):
            line = line_of(code, match.start())
            if not (f"tidy: {rule} because " in lines[line - 1] or lines[line - 1].lstrip().startswith("#include")):
                found.append((line, rule, f"is banned: {instead}"))
    return found


def check_sizes(path, text):
    if not (is_code(path) or path.endswith((".py", ".sh")) or path.startswith("scripts/")):
        return []
    found = []
    limit = CODE_LINES if is_ours(path) else TEST_LINES
    if text.count("\n") > limit:
        found.append((text.count("\n"), "file-size", f"more than {limit} lines: which idea needs a file of its own?"))
    if is_code(path):
        limit = FUNCTION_LINES if is_ours(path) else TEST_CASE_LINES
        for line, lines in functions(code_only(text)):
            if lines > limit:
                found.append((line, "function-size", f"{lines} lines, more than {limit}"))
    return found


def check_headers(path, text):
    if not path.endswith(".hpp"):
        return []
    found = []
    if not re.search(r"^#pragma once$", text, re.M):
        found.append((1, "pragma-once", "a header needs #pragma once"))
    if is_ours(path) and not text.startswith("//"):
        found.append((1, "says-what-it-is", "a header begins with a comment that says what it is for"))
    return found


def check_text(path, text):
    found = []
    if text and not text.endswith("\n"):
        found.append((line_of(text, len(text)), "final-newline", "the last line has no newline"))
    if text.endswith("\n\n"):
        found.append((line_of(text, len(text)) - 1, "final-newline", "the file ends with empty lines"))
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith((" ", "\t", "\r")):
            found.append((number, "trailing-blank", "blanks at the end of the line"))
        if "\t" in line:
            found.append((number, "tab", "write spaces, or \\t in a string"))
        if LEFT_OVER.search(line):
            found.append((number, "left-over", "do it, or leave it out"))
    return found


def check_test_names(path, text):
    if not (path.startswith("tests/") and path.endswith("_test.cpp")):
        return []
    names = list(re.finditer(r'\bTEST_CASE(?:_METHOD\(\w+,\s*|\()\s*"((?:\\.|[^"\\])*)"', text))
    if not names:
        return [(1, "test-names", "there is no test in this file")]
    return [(line_of(text, m.start()), "test-names", f"a test's name is a sentence: '{m.group(1)}'")
            for m in names if len(m.group(1).split()) < 3]


RULES = [check_includes, check_purity, check_calls, check_sizes, check_headers, check_text, check_test_names]
