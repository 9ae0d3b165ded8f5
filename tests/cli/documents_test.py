"""The documents name every option, job and exit code that there is, and no option that there is not."""

import os
import re
import subprocess
import sys
import unittest

THRESH, ROOT = sys.argv.pop(1), sys.argv.pop(1)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
OF_OTHERS = {"--oversubscribe", "--preset", "--build", "--quick", "--scale"}  # of mpirun, cmake, git and our scripts


def output_of(*arguments):
    return subprocess.run([THRESH, *arguments], capture_output=True, text=True, check=True, timeout=20).stdout


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


class Documents(unittest.TestCase):
    def setUp(self):
        help_text = output_of("wordcount", "--help")
        self.options = set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", help_text, re.M))
        self.codes = re.findall(r"^ +(\d+)  ", help_text.split("Exit codes:")[1], re.M)
        self.jobs = [line.split()[0] for line in output_of("list").splitlines()]
        commands = output_of("--help").split("\nCommands:\n")[1].split("\n\n")[0]
        self.tools = re.findall(r"^  (\w[\w-]*)", commands, re.M)
        self.tool_options = set()
        for tool in self.tools:
            self.tool_options |= set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", output_of(tool, "--help"), re.M))
        self.assertGreater(len(self.options), 15)
        self.assertGreater(len(self.codes), 8)

    def test_the_reference_has_a_row_for_every_option_and_exit_code(self):
        text = read("docs/cli.md")
        rows = set(re.findall(r"^\| `(--[a-z-]+)", text, re.M))
        self.assertEqual(rows, self.options)
        self.assertEqual(re.findall(r"^\| (\d+) \|", text, re.M), self.codes)

    def test_every_document_names_the_jobs(self):
        for name in ("README.md", "docs/cli.md"):
            text = read(name)
            self.assertEqual([job for job in self.jobs if f"`{job}`" not in text], [], name)

    def test_every_command_and_its_options_are_told(self):
        text = read("docs/tools.md")
        self.assertLess(2, len(self.tools))
        self.assertEqual([tool for tool in self.tools if f"## thresh {tool}\n" not in text], [])
        self.assertEqual({option for option in self.tool_options if option not in text}, set())
        self.assertEqual([tool for tool in self.tools if f"thresh {tool} " not in read("docs/cli.md")], [])

    def test_no_document_shows_an_option_that_is_not_there(self):
        known = self.options | self.tool_options | OF_OTHERS | {"--help", "--version"}
        for name in ("README.md", "docs/cli.md", "docs/tools.md", "CONTRIBUTING.md"):
            self.assertEqual(set(OPTION.findall(read(name))) - known, set(), name)

    def test_links_between_documents_lead_somewhere(self):
        names = ["cli", "format", "metrics", "output", "slurm", "tools"]
        for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", *(f"docs/{name}.md" for name in names)):
            for target in re.findall(r"\]\(([^)#:]+)\)", read(name)):
                path = os.path.join(ROOT, os.path.dirname(name), target)
                self.assertTrue(os.path.exists(path), f"{name} links to {target}")


if __name__ == "__main__":
    unittest.main()
