"""The rounds of the shuffle by themselves: every pair of ranks, sizes around the limit of a round, and with
THRESH_SOAK=1 more than 2^31 bytes between two ranks (takes half a minute and 10 MB of memory)."""

import os
import pathlib
import sys
import unittest

import ranks

CHECK = pathlib.Path(sys.argv[1]).parent / "tests/mpi/rounds_check"


class Rounds(ranks.Case):
    def moves(self, count, size, round_size, offers="nobody", **more):
        result = ranks.run(count, CHECK, size, round_size, offers, **more)
        self.assertEqual(result.returncode, 0, result.stderr.decode())

    def test_rounds_move_every_byte_once(self):
        for count in (1, 2, 3, 4):
            for size, round_size in ((0, 1024), (1, 1), (1000, 1024), (4096, 1024), (300_000, 1000)):
                with self.subTest(ranks=count, size=size, round_size=round_size):
                    self.moves(count, size, round_size)

    def test_who_may_offers_instead_if_all_are_able_to(self):
        for count in (2, 3, 5):
            for size, round_size in ((0, 1024), (1, 1), (300_000, 1000)):
                for offers in ("all", "some", "unable", "unsure"):
                    with self.subTest(ranks=count, size=size, round_size=round_size, offers=offers):
                        self.moves(count, size, round_size, offers)

    @unittest.skipUnless(os.environ.get("THRESH_SOAK"), "set THRESH_SOAK=1: moves 2.2 GB a pair of ranks")
    def test_more_than_2_to_the_31_bytes_between_two_ranks(self):
        self.moves(2, 2_200_000_000, 1 << 20, timeout=500)


if __name__ == "__main__":
    ranks.main(sys.argv)
