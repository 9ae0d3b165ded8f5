"""thresh inspect: says what is there, in words and as JSON, and changes nothing."""

import json
import os
import random
import signal
import sys

import ranks


def tree(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Inspect(ranks.Case):
    time_is_short = True

    def setUp(self):
        super().setUp()
        self.source = self.write("in.txt", ranks.text(random.Random(9), 500))
        self.words = ("wordcount", self.source, "--partitions", 3, "--split-size", "2K")

    def interrupt(self, fault, count=3, code=137):
        result, output = self.job(count, *self.words, "--fault", fault)
        self.assertEqual(result.returncode, code, result.stderr)
        return output

    def inspect(self, output):
        """(the text by its labels, the JSON); nothing changes."""
        before = tree(output)
        text = ranks.run(0, self.thresh, "inspect", output)
        data = ranks.run(0, self.thresh, "inspect", output, "--json")
        for result in (text, data):
            self.assertEqual((result.returncode, result.stderr), (0, b""))
        self.assertEqual(tree(output), before)
        lines = text.stdout.decode().splitlines()
        labelled = {line[:11].strip(): line[12:] for line in lines if not line.startswith(" ")}
        self.assertTrue(lines[-1].startswith("next "), lines)
        data = json.loads(data.stdout)
        self.assertEqual((data["format"], data["schema"], data["directory"]), ("thresh inspection", 1, str(output)))
        self.assertEqual(labelled["state"], data["state"])
        self.assertEqual(labelled["next"], data["next"])
        return labelled, data

    def assert_job(self, text, data):
        self.assertRegex(text["job"], r"\Awordcount 1, program \S+, id [0-9a-f]{32}\Z")
        self.assertEqual(data["job"]["name"], "wordcount")
        self.assertEqual((data["job"]["inputs"], data["job"]["input_bytes"]), (1, self.source.stat().st_size))
        self.assertEqual((data["job"]["splits"], data["job"]["partitions"]), (-(-self.source.stat().st_size // 2048), 3))
        self.assertEqual(data["job"]["options"]["split-size"], "2K" if "2K" in text["options"] else "2048")

    def test_an_unfinished_job(self):
        output = self.interrupt("kill:worker=0,at=publish")
        text, data = self.inspect(output)
        self.assert_job(text, data)
        self.assertEqual(data["state"], "unfinished")
        self.assertEqual(data["next"], "run the same command again")
        self.assertEqual(data["generation"]["number"], 1)
        self.assertFalse(data["generation"]["at_work"])
        self.assertTrue(text["generation"].endswith(": gone"))
        self.assertEqual(data["parts"]["missing"], [])
        (of_cover,) = data["parts"]["committed"]
        self.assertEqual(of_cover["partitions"], [[0, 2]])
        self.assertEqual(text["parts"], "3 of 3 committed; missing: none")
        for name in (output / ".thresh/parts").glob("p00001.*.commit"):
            name.unlink()
        text, data = self.inspect(output)
        self.assertEqual(data["parts"]["missing"], [[1, 1]])
        self.assertEqual(data["parts"]["committed"][0]["partitions"], [[0, 0], [2, 2]])
        self.assertEqual(text["parts"], "2 of 3 committed; missing: 1")

    def test_why_the_last_run_ended(self):
        output = self.interrupt("throw:worker=1,at=reduce", code=70)
        text, data = self.inspect(output)
        self.assertEqual(data["outcome"]["code"], 70)
        self.assertIn("fault drill", data["outcome"]["text"])
        self.assertRegex(text["outcome"], r"\A70 of generation 1, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: .*fault drill")

    def test_what_to_do_depends_on_how_the_last_run_ended(self):
        output = self.interrupt("throw:worker=1,at=reduce", code=70)
        self.assertEqual(self.inspect(output)[1]["next"],
                         "the same command may end as before: see to what the outcome says, then run it again")
        numbers = self.write("bad.tsv", b"a\t1\na\tnone\n")
        result, output = self.job(0, "sum", numbers, out="bad")
        self.assertEqual(result.returncode, 65)
        text, data = self.inspect(output)
        self.assertIn("with --max-bad-records N, the same command goes on and leaves out", text["outcome"])
        self.assertEqual(data["next"],
                         "the same command would end as before: do what the outcome says")

    def test_a_file_that_a_start_would_refuse_is_to_be_moved(self):
        output = self.interrupt("kill:worker=0,at=publish")
        (output / ".nfs0001").write_bytes(b"")
        self.assertEqual(self.inspect(output)[1]["next"], "run the same command again")
        (output / "core.4711").write_bytes(b"")
        self.assertEqual(self.inspect(output)[1]["next"],
                         f"move {output}/core.4711 elsewhere; then run the same command again")
        result, _ = self.job(3, *self.words)
        self.assertEqual(result.returncode, 73)
        self.assertIn(b"core.4711, which is not from thresh: move it elsewhere and run the same command again",
                      result.stderr)
        (output / "core.4711").unlink()
        result, _ = self.job(3, *self.words)
        self.assert_done(result, output)

    def test_a_finished_job(self):
        result, output = self.job(0, *self.words)
        self.assert_done(result, output)
        text, data = self.inspect(output)
        self.assert_job(text, data)
        self.assertEqual((data["state"], data["next"]), ("finished", "nothing: the job is done"))
        self.assertEqual(data["output"]["parts"], 3)
        self.assertEqual(data["output"]["lines"], sum(p.count(b"\n") for p in ranks.parts(output).values()))
        self.assertEqual(data["output"]["bytes"], sum(map(len, ranks.parts(output).values())))

    def test_a_replacement_under_way_shows_both(self):
        result, output = self.job(0, *self.words)
        self.assert_done(result, output)
        old = json.loads((output / "_SUCCESS").read_text())["job_id"]
        failed, _ = self.job(3, *self.words, "--overwrite", "--fault", "kill:worker=1,at=reduce")
        self.assertEqual(failed.returncode, 137)
        _, data = self.inspect(output)
        self.assertEqual(data["state"], "unfinished")
        self.assertEqual(data["output"]["job_id"], old)
        self.assertNotEqual(data["job"]["id"], old)

    def test_a_run_at_work(self):
        process = ranks.start(3, self.thresh, *self.words, "--task-timeout", "60s", "--peer-timeout", "70s", "-o",
                              self.dir / "out", "--fault", "stop:worker=1,at=map")
        self.addCleanup(lambda: process.poll() is None and os.killpg(process.pid, signal.SIGKILL))
        ranks.wait_for_line(process, b"fault drill")
        result = ranks.run(0, self.thresh, "inspect", self.dir / "out", "--json")
        data = json.loads(result.stdout)
        self.assertTrue(data["generation"]["at_work"])
        self.assertEqual(data["next"], "a run is at work: wait for it")
        with self.subTest("though /proc hides it"):
            self.look_where_proc_hides_others()
        (stopped,) = ranks.stopped(self.dir)
        (holder,) = [pid for rank, pid in ranks.at_work(self.dir / "out").items() if rank == 0]
        os.kill(holder, signal.SIGSTOP)
        text, data = self.inspect(self.dir / "out")
        os.kill(holder, signal.SIGCONT)
        self.assertTrue(text["generation"].endswith(": silent, but its process is there"), text)
        self.assertEqual((data["generation"]["process_there"], data["generation"]["at_work"]), (True, False))
        os.kill(stopped, signal.SIGCONT)
        self.assertEqual(ranks.finish(process, 60).returncode, 0)

    def look_where_proc_hides_others(self):
        """As another user, to whom hidepid=2 shows no process but its own."""
        hidden = ("unshare", "-m", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid 65534 '
                  '--regid 65534 --clear-groups "$@"', "sh")
        if os.getuid() != 0 or ranks.run(0, *hidden, "sh", "-c", "! test -e /proc/1/stat").returncode != 0:
            self.skipTest("needs root, mount namespaces and setpriv")
        self.dir.chmod(0o755)
        result = ranks.run(0, *hidden, self.thresh, "inspect", self.dir / "out", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(json.loads(result.stdout)["generation"]["at_work"])

    def test_damage_and_what_is_left_over(self):
        output = self.interrupt("kill:worker=0,at=publish")
        for name in (".thresh/tmp.x", ".thresh/attempts/12.abcd", "mine", ".thresh/mine"):
            path = output / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")
        text, data = self.inspect(output)
        self.assertEqual((data["attempts"], text["attempts"]), (1, "1 file"))
        self.assertEqual(data["left_over"], [f"{output}/.thresh/tmp.x"])
        self.assertEqual(data["foreign"], [f"{output}/.thresh/mine", f"{output}/mine"])
        job = output / ".thresh/job.h5"
        job.write_bytes(job.read_bytes()[:-1])
        text, data = self.inspect(output)
        self.assertEqual(data["state"], "damaged")
        self.assertIn("job.h5", data["damaged"][0])
        self.assertIn("--fresh", data["next"])

    def test_what_cannot_be_read_is_not_called_damaged(self):
        done, finished = self.job(0, *self.words, out="done")
        self.assert_done(done, finished)
        for output, name in ((finished, "_SUCCESS"), (self.interrupt("kill:worker=0,at=publish"), ".thresh/job.h5")):
            (output / name).unlink()
            (output / name).mkdir()  # nobody can read that, not even root
            text, data = self.inspect(output)
            self.assertEqual((data["state"], data["damaged"]), ("unreadable", []))
            (line,) = data["unreadable"]
            self.assertRegex(line, rf"\Acannot read .*{output}/{name}: Is a directory\Z")
            self.assertEqual(text["unreadable"], line)
            self.assertEqual(data["next"], line + ": nothing is known of the job until it can be read")

    def test_parts_beside_a_damaged_success_are_not_thrown_away(self):
        done, output = self.job(0, *self.words)
        self.assert_done(done, output)
        (output / "_SUCCESS").write_bytes((output / "_SUCCESS").read_bytes()[:-20])
        _, data = self.inspect(output)
        self.assertEqual(data["state"], "damaged")
        self.assertEqual(data["next"], "choose another output directory: the parts in this one may be whole")

    def test_what_is_not_ours_is_no_input(self):
        (self.dir / "empty").mkdir()
        for name in ("empty", "absent"):
            result = ranks.run(0, self.thresh, "inspect", self.dir / name)
            self.assertEqual((result.returncode, result.stdout), (66, b""))


if __name__ == "__main__":
    ranks.main(sys.argv)
