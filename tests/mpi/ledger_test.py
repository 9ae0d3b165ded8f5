"""What is damaged on the way is never published. Each drill's line in the log shows that it happened."""

import random
import sys

import ranks


class Ledger(ranks.Case):
    def refuses(self, job, fault, code, *phrases):
        source = self.write("in.txt", ranks.text(random.Random(3), 2000))
        result, output = self.job(3, job, source, "--partitions", 4, "--split-size", "8K", "--round-size", "128", "--fault", fault,
                                  out=f"out-{job}-{fault}")
        said = result.stderr.decode()
        self.assertIn("fault drill: " + fault.rsplit("at=", 1)[1].replace(":", " "), said)
        self.assertEqual(result.returncode, code, said)
        complaint = [line for line in said.splitlines() if line.startswith(f"thresh: {job}: ")]
        self.assertEqual(len(complaint), 1, said)
        for phrase in phrases:
            self.assertIn(phrase, complaint[0])
        self.assert_nothing_published(output)
        return source, output

    def test_a_flipped_bit_in_a_shuffle_buffer(self):
        for job in ("wordcount", "inverted-index"):
            for round_number in (1, 2, 3):
                with self.subTest(job=job, round=round_number):
                    self.refuses(job, f"corrupt:worker=1,at=shuffle:{round_number}", 70)

    def test_a_flipped_bit_that_makes_a_key_no_line_can_hold(self):
        """The ledger tells, not the job with an advice to its user. A newline is a vertical tab with one bit flipped."""
        rows = "".join("\v" * 400 + f"{i}\t1\n" for i in range(4000))
        source = self.write("in.txt", rows.encode())
        result, output = self.job(3, "sum", source, "--partitions", 4, "--split-size", "64K", "--fault",
                                  "corrupt:worker=1,at=shuffle:1", out="out-key")
        said = result.stderr.decode()
        self.assertIn("fault drill: shuffle 1", said)
        self.assertEqual(result.returncode, 70, said)
        self.assertNotIn("--escape", said)
        self.assert_nothing_published(output)

    def test_a_flipped_bit_in_a_part(self):
        self.refuses("wordcount", "corrupt:worker=2,at=part:1", 74, "part", "p0")

    def test_a_record_lost_before_reduce(self):
        for job in ("wordcount", "inverted-index"):
            with self.subTest(job=job):
                self.refuses(job, "drop:worker=1,at=reduce:7", 70, "partition")

    def test_a_record_lost_while_a_run_is_sealed(self):
        # The combiner hides how many emits there were; the conserved weight does not.
        for job, fault, what in (("wordcount", "drop:worker=1,at=seal", "weight"),
                                 ("inverted-index", "drop:worker=2,at=seal", "rows")):
            with self.subTest(job=job):
                source, output = self.refuses(job, fault, 70, what)
                # That run was not kept, so the same command goes on.
                result, output = self.job(3, job, source, "--partitions", 4, "--split-size", "8K", "--round-size", "128",
                                          out=output.name)
                self.assert_done(result, output)
                self.assertEqual(ranks.parts(output), self.expected(job, 4, [source]))


if __name__ == "__main__":
    ranks.main(sys.argv)
