"""One message, naming worker, host, file and offset; a documented exit code; nothing published."""

import os
import random
import socket
import sys
import threading
import time

import ranks


# Half a second for what is to happen meanwhile.
HELD = ("--fault", "pause:worker=1,at=map:3")


class Errors(ranks.Case):
    def fails(self, count, code, *arguments, phrases=(), **more):
        result, output = self.job(count, *arguments, **more)
        said = result.stderr.decode(errors="replace")
        self.assertEqual(result.returncode, code, said)
        ours = [line for line in said.splitlines() if line.startswith("thresh: ")]
        self.assertEqual(len(ours), 1, said)
        for phrase in phrases:
            self.assertIn(phrase, ours[0])
        self.assert_nothing_published(output)
        return ours[0]

    def test_a_record_that_cannot_be_used_is_named_once(self):
        good = b"a\t1\n" * 20000
        source = self.write("bad.tsv", good + b"b\tabc\n" + good)
        for count in (1, 3, 16):
            with self.subTest(ranks=count):
                self.fails(count, 65, "sum", source, "--split-size", "16K", out=f"out{count}",
                           phrases=(f"bad.tsv, byte {len(good)}", "'abc'", "worker ",
                                    socket.gethostname().split(".")[0]))

    def test_an_overflow_names_its_category(self):
        source = self.write("large.tsv", b"fine\t1\ngreat\t%d\ngreat\t%d\n" % (10**20, 10**20))
        self.fails(2, 65, "sum", source, phrases=("great",))

    def test_a_split_that_failed_once_is_given_to_another_worker(self):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        result, output = self.job(3, "wordcount", source, "--split-size", "8K", "--partitions", 3,
                                  "--fault", "throw:worker=2,at=map")
        self.assertIn("fault drill: map 1", result.stderr.decode())
        self.assert_done(result, output)
        self.assertEqual(ranks.parts(output), self.expected("wordcount", 3, [source]))

    def test_a_key_that_a_line_cannot_hold_is_refused_or_escaped(self):
        folder = self.write("odd/a\tb.txt", b"word\n").parent
        result, output = self.job(2, "inverted-index", folder)
        self.assert_done(result, output)
        self.assertIn(b"a\\tb.txt:1", b"".join(ranks.parts(output).values()))

    def test_an_input_that_shrinks_while_it_is_read(self):
        source = self.write("shrinks.txt", ranks.text(random.Random(3), 400_000))
        stop = threading.Event()

        def shrink():
            while not stop.is_set():
                if (self.dir / "out/.thresh/job.h5").exists():
                    os.truncate(source, 10_000)
                    return
                time.sleep(0.001)

        thread = threading.Thread(target=shrink)
        thread.start()
        try:
            self.fails(2, 65, "inverted-index", source, "--split-size", "64K", *HELD, phrases=("shrinks.txt",))
        finally:
            stop.set()
            thread.join()

    def test_an_input_that_vanishes_before_it_is_read(self):
        folder = self.write("in/a.txt", ranks.text(random.Random(3), 200_000)).parent
        victim = self.write("in/z.txt", b"late\n")
        stop = threading.Event()

        def vanish():
            while not stop.is_set():
                if (self.dir / "out/.thresh/job.h5").exists():
                    victim.unlink()
                    return
                time.sleep(0.001)

        thread = threading.Thread(target=vanish)
        thread.start()
        try:
            result, output = self.job(2, "inverted-index", folder, "--split-size", "16K", *HELD)
            self.assertIn(result.returncode, (65, 66, 74), result.stderr)
            self.assertIn(b"z.txt", result.stderr)
            self.assert_nothing_published(output)
        finally:
            stop.set()
            thread.join()

    def test_a_missing_input_is_named(self):
        self.fails(3, 66, "wordcount", self.dir / "no-such-file", phrases=("no-such-file",))

    def test_a_fault_that_makes_no_sense_is_refused_once(self):
        source = self.write("in.txt", b"a\n")
        self.fails(4, 64, "wordcount", source, "--fault", "kill:worker=1,at=nowhere", phrases=("nowhere",))


if __name__ == "__main__":
    ranks.main(sys.argv)
