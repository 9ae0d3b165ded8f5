"""The script that reads run files without Thresh prints every record of one: read_run_test.py WRITER SCRIPT."""

import os
import subprocess
import sys
import tempfile
import unittest

WRITER, SCRIPT = sys.argv.pop(1), sys.argv.pop(1)


def lines_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def as_printed(line, value_size):
    """A line of the writer as the script has it."""
    if line.startswith("run "):
        return line.replace(":", ": splits")
    if line.startswith("partition "):
        return f"{line} rows"
    key, value = (bytes.fromhex(text) for text in line.split(" "))
    text = "".join({9: r"\t", 10: r"\n", 13: r"\r", 92: r"\\"}.get(b, chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in key)
    return f"{text}\t{int.from_bytes(value, 'little') if value_size == 8 else value.hex()}"


class ReadRun(unittest.TestCase):
    def check(self, value_size):
        with tempfile.TemporaryDirectory() as directory:
            name, *truth = lines_of(WRITER, directory, str(value_size))
            printed = lines_of(sys.executable, SCRIPT, os.path.join(directory, name))
        self.assertEqual(name, "job.1.7.0.h5")
        self.assertGreater(len(truth), 2000)
        self.assertEqual(printed, [as_printed(line, value_size) for line in truth])

    def test_values_that_vary(self):
        self.check(0)

    def test_numbers(self):
        self.check(8)

    def test_values_of_another_size(self):
        self.check(3)


if __name__ == "__main__":
    unittest.main()
