"""thresh validate-sort: finds what is out of order, lost, doubled or changed, and says where."""

import os
import pty
import random
import re
import subprocess
import sys

import ranks


class ValidateSort(ranks.Case):
    def setUp(self):
        super().setUp()
        rng = random.Random(5)
        self.records = sorted(rng.randbytes(100) for _ in range(1000))
        self.source = self.write("in.bin", b"".join(rng.sample(self.records, 1000)))

    def parts(self, *pieces, name="out", extension="bin"):
        directory = self.dir / name
        for number, records in enumerate(pieces):
            self.write(f"{name}/part-{number:05}.{extension}", b"".join(records))
        return directory

    def check(self, *arguments):
        return ranks.run(0, self.thresh, "validate-sort", *arguments)

    def assert_good(self, *arguments):
        result = self.check(*arguments)
        self.assertEqual((result.returncode, result.stderr), (0, b""), result.stdout)
        return result.stdout.decode()

    def assert_bad(self, *arguments, code=65, says=()):
        result = self.check(*arguments)
        self.assertEqual(result.returncode, code, result.stdout)
        self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
        for phrase in says:
            self.assertIn(phrase, result.stderr.decode())

    def test_parts_in_order_are_counted_and_compared(self):
        output = self.parts(self.records[:300], [], self.records[300:])
        said = self.assert_good(output, "--against", self.source)
        self.assertRegex(said, r"\A1000 records, checksum [0-9a-f]{16} in 3 files: in order, 0 repeat the key before "
                               r"them\n.*in\.bin: the same records\n\Z")

    def on_a_terminal(self, *words):
        """(exit code, stdout, what a person at a terminal for stderr is shown)."""
        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen([self.thresh, *map(str, words)], stdout=subprocess.PIPE, stderr=theirs) as process:
                os.close(theirs)
                out = process.communicate(timeout=60)[0]
            shown = b""
            try:
                while chunk := os.read(ours, 4096):
                    shown += chunk
            except OSError:
                pass  # nobody has the other end any more
            return process.returncode, out, shown.decode()
        finally:
            os.close(ours)

    def test_a_large_file_is_told_while_it_is_read(self):
        small = self.write("a.bin", b"\0" * 100)
        large = self.dir / "b.bin"
        with open(large, "wb") as file:
            file.truncate((256 << 20) // 100 * 100 + 100)
        code, out, shown = self.on_a_terminal("validate-sort", small, large)
        self.assertEqual(code, 0, shown)
        self.assertIn(b"in order", out)
        self.assertEqual(shown, "\r\x1b[Kreading b.bin (256.0 MiB); 100 B before it\r\x1b[K")
        large.rename(long := self.dir / ("x" * 200 + "y" * 32))
        code, out, shown = self.on_a_terminal("validate-sort", "--records", 100, long)
        self.assertEqual(shown, "\r\x1b[Kreading ..." + "y" * 32 + " (256.0 MiB); 0 B before it\r\x1b[K")
        code, out, shown = self.on_a_terminal("validate-sort", small)
        self.assertEqual((code, shown), (0, ""))

    def test_the_result_of_a_job_is_good(self):
        result, output = self.job(2, "terasort", self.source, "--partitions", 3)
        self.assert_done(result, output)
        self.assert_good(output, "--against", self.source)
        text = self.write("text.txt", ranks.text(random.Random(1), 500))
        result, output = self.job(2, "terasort", text, "--key", "4,6", "--partitions", 3, out="lines")
        self.assert_done(result, output)
        self.assert_good(output, "--against", text)
        self.assert_bad(output, "--key", "1,6", says=("part-",))

    def test_a_carriage_return_that_is_a_part_of_a_line_stays_one(self):
        source = self.write("cr.txt", b"b\r\r\na\r\r\nplain\r\nc\r")
        result, output = self.job(0, "terasort", source, "--key", "1")
        self.assert_done(result, output)
        self.assert_good(output, "--against", source)

    def test_a_record_out_of_order_in_a_part_is_named(self):
        a, b = self.records[10], self.records[500]
        output = self.parts([*self.records[:10], b, *self.records[11:500], a, *self.records[501:]])
        self.assert_bad(output, says=("part-00000.bin, byte 1100: the key", "1 more"))

    def test_parts_in_the_wrong_order_are_named(self):
        output = self.parts(self.records[500:], self.records[:500])
        self.assert_bad(output, says=("part-00001.bin, byte 0: the key",))
        first, second = output / "part-00000.bin", output / "part-00001.bin"
        self.assert_good(second, first, "--against", self.source)
        self.assert_bad(first, second, says=("part-00001.bin, byte 0",))

    def test_a_lost_a_doubled_and_a_changed_record_are_found(self):
        checksum = re.search(r"checksum (\w+)", self.assert_good(self.source.parent / "in.bin", "--key", "200")).group(1)
        changed = bytearray(self.records[7])
        changed[99] ^= 1
        for name, records in (("lost", self.records[:7] + self.records[8:]),
                              ("doubled", self.records[:8] + self.records[7:]),
                              ("changed", [*self.records[:7], bytes(changed), *self.records[8:]]),
                              ("swapped", [*self.records[:7], self.records[8], *self.records[8:]])):
            with self.subTest(name):
                output = self.parts(records, name=name)
                self.assert_good(output)
                self.assert_bad(output, "--against", self.source, says=("in.bin, which has 1000 records", checksum))

    def test_a_file_of_another_size_is_refused(self):
        output = self.parts(self.records, [b"x" * 50])
        self.assert_bad(output, says=("part-00001.bin has 50 bytes",))

    def test_records_of_other_sizes_and_lines(self):
        output = self.parts([b"a1", b"b0", b"b2"], name="two", extension="dat")
        self.assert_good(output, "--records", "2")
        self.assert_bad(output, "--records", "3", "--key", "1,1", says=("byte 3",))
        lines = self.parts([b"3 a\n", b"1 b\r\n"], [b"2 b\n", b"1 c"], name="lines", extension="txt")
        self.assert_good(lines, "--key", "3")
        self.assertIn("4 records", self.assert_good(lines, "--lines", "--key", "3,3"))
        self.assert_bad(lines, says=("part-00000.txt, byte 4: the key '1 b' comes after '3 a'",))

    def test_a_wrong_command_line_is_refused(self):
        self.assert_bad(code=64, says=("validate-sort --help",))
        self.assert_bad(self.source, "--records", "2", "--lines", code=64)
        self.assert_bad(self.source, "--key", "2,1", code=64, says=("'2,1' ends before it begins",))
        self.assert_bad(self.source, "--records", "0", code=64)
        self.assert_bad(self.dir / "none", code=66, says=("none",))


if __name__ == "__main__":
    ranks.main(sys.argv)
