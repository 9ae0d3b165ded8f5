"""Checks the house rules: check.py ROOT. Prints FILE:LINE: RULE: WHAT for each breach; exits with 1 if there is one."""

import os
import subprocess
import sys

import rules

SKIPPED = ("build", ".git", ".cache")
TEXT = (".cpp", ".hpp", ".py", ".sh", ".txt", ".md", ".json", ".supp", ".cmake")
DATA = ("data/", "tests/tidy/bad/", "tests/tidy/good/")  # bytes that are meant as they are


def project_files(root):
    """Paths below `root`: what git knows and does not ignore, or all that an unpacked archive holds."""
    listed = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", root, "ls-files", "-zco", "--exclude-standard"],
                            capture_output=True, check=False)
    if os.path.exists(os.path.join(root, ".git")) and listed.returncode == 0:
        names = (os.fsdecode(name) for name in listed.stdout.split(b"\0") if name)
        return sorted(name for name in names if os.path.exists(os.path.join(root, name)))
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in SKIPPED and f != "__pycache__"]
        found += [os.path.relpath(os.path.join(folder, file), root) for file in files]
    return sorted(found)


def check(root):
    """[(path, line, rule, what)] for the project in `root`."""
    found = []
    paths = project_files(root)
    for name in sorted({path.split("/")[0] for path in paths} - rules.TOP_LEVEL):
        found.append((name, 1, "top-level", "does not belong in the top folder"))
    for path in paths:
        is_text = path.endswith(TEXT) or path.startswith(("scripts/", ".ci/")) or path == "LICENSE"
        if path.startswith(DATA) or not is_text:
            continue
        with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        for rule in rules.RULES:
            found += [(path, *breach) for breach in rule(path, text)]
    return found


def main():
    root = os.path.abspath(sys.argv[1])
    breaches = check(root)
    for path, line, rule, what in breaches:
        print(f"{path}:{line}: {rule}: {what}")
    if breaches:
        sys.exit(1)
    print(f"tidy: {len(project_files(root))} files keep the house rules")


if __name__ == "__main__":
    main()
