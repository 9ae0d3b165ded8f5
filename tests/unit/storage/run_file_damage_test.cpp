// Run files that are not what was written, and disks that do not take them.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>

#include "scratch.hpp"
#include "storage/run_file.hpp"
#include "support/catch.hpp"
#include "support/raw_run_file.hpp"
#include "support/runs.hpp"

namespace thresh::storage {
namespace {

using namespace test;
using thresh::test::good_raw_file;
using thresh::test::make_run;
using thresh::test::RawRunFile;
using thresh::test::write_raw_file;

const RowFormat kTexts(0);

std::string write_small(const Scratch& scratch, const std::string& job_id, std::uint32_t sequence = 1) {
  ChunkPool pool;
  const Run run = make_run(pool, kTexts, {1, 2, sequence}, {{{"apple", "1"}, {"pear", "22"}}, {{"fig", ""}}});
  return scratch / write_run_file(scratch.path(), job_id, {&run}, kTexts, false).file;
}

void open_and_load(const std::string& path) {
  const RunFile file(path, "job", 2, kTexts, nullptr);
  ChunkPool pool;
  file.load(0, {0, 1}, pool, nullptr, false);
}

TEST_CASE("any flipped bit of a run file is found, and the file named") {
  const Scratch scratch;
  const std::string path = write_small(scratch, "job");
  const std::string bytes = slurp(path);
  CHECK(bytes.substr(0, 8) == std::string("THRESH\0\0", 8));
  CHECK(bytes.substr(512, 4) == "\x89HDF");
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  std::size_t missed = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += bit < 8 * 64 ? 1 : 7) {
    const std::size_t at = bit / 8;
    const auto flipped = static_cast<char>(bytes[at] ^ (1 << (bit % 8)));
    write_at(fd.get(), {&flipped, 1}, at, path);
    const Thrown error = thrown_by([&] { open_and_load(path); });
    if (error.code != ExitCode::BadData || !error.says(path)) ++missed;
    write_at(fd.get(), {&bytes[at], 1}, at, path);
  }
  CHECK(missed == 0);
  open_and_load(path);
}

TEST_CASE("a run file that was cut, emptied or grew is found, and the file named") {
  const Scratch scratch;
  const std::string bytes = slurp(write_small(scratch, "job"));
  std::vector<std::string> broken{bytes + '\0', bytes + bytes, std::string(bytes.size(), '\0'), "x"};
  for (std::size_t size = 0; size < bytes.size(); size += size < 40 ? 1 : 97) {
    broken.push_back(bytes.substr(0, size));
  }
  broken.push_back(bytes.substr(0, bytes.size() - 1));
  for (const std::string& content : broken) {
    const std::string path = scratch.write("broken", content);
    const Thrown error = thrown_by([&] { open_and_load(path); });
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says(path));
  }
}

TEST_CASE("a run file of another job, shape or name is refused") {
  const Scratch scratch;
  const std::string path = write_small(scratch, "job");
  const auto refusal = [](const std::string& file, const std::string& job, std::uint32_t partitions,
                          std::size_t value_size) {
    return thrown_by([&] { RunFile(file, job, partitions, RowFormat(value_size), nullptr); });
  };
  CHECK(refusal(path, "other", 2, 0).says(path + " is of another job: job"));
  CHECK(refusal(path, "job", 3, 0).says(path + " is of another number of partitions"));
  CHECK(refusal(path, "job", 2, 8).says(path + " is of another size of values"));
  CHECK(refusal(scratch / "absent", "job", 2, 0).code == ExitCode::Io);

  const std::string elsewhere = scratch / "job.1.2.9.h5";
  scratch.write("job.1.2.9.h5", slurp(path));
  CHECK(refusal(elsewhere, "job", 2, 0).code == ExitCode::BadData);
  CHECK(refusal(elsewhere, "job", 2, 0).says(elsewhere + " is damaged: it has the name of another file"));
  RunFile(scratch.write("any name.h5", slurp(path)), "job", 2, kTexts, nullptr);
}

TEST_CASE("a file that changed after it was checked is not loaded") {
  const Scratch scratch;
  const std::string path = write_small(scratch, "job");
  const std::string bytes = slurp(path);
  const RunFile file(path, "job", 2, kTexts, nullptr);
  ChunkPool pool;
  CHECK(file.load(0, {0}, pool, nullptr, false).size() == 1);
  const auto refused = [&] {
    const Thrown error = thrown_by([&] { file.load(0, {0}, pool, nullptr, false); });
    return error.code == ExitCode::BadData && error.says(path + " is damaged: it is no longer the file");
  };
  rename_file(path, scratch / "aside");
  CHECK(refused());
  scratch.write(run_file_name("job", {1, 2, 1}), bytes);
  CHECK(refused());
  rename_file(scratch / "aside", path);
  CHECK(file.load(0, {0}, pool, nullptr, false).size() == 1);
  scratch.write(run_file_name("job", {1, 2, 1}), bytes.substr(0, 1000));
  CHECK(refused());
}

TEST_CASE("a partition that begins past the end of a column is refused, whichever is loaded first") {
  const Scratch scratch;
  RawRunFile raw = good_raw_file();
  raw.runs[0].numbers["key_offsets"] = {0, 1, 9, 4};
  const std::string path = scratch / "raw.h5";
  write_raw_file(path, raw);
  const RunFile file(path, "job", 2, kTexts, nullptr);
  ChunkPool pool;
  CHECK(
      thrown_by([&] { file.load(0, {1}, pool, nullptr, false); }).says("run0/keys has offsets past its end"));
  CHECK(thrown_by([&] {
          file.load(0, {0}, pool, nullptr, false);
        }).says("run0/keys has offsets that do not rise"));
}

TEST_CASE("whole HDF5 files that are no run files are refused, saying what is wrong with them") {
  const Scratch scratch;
  const std::string path = scratch / "raw.h5";
  const auto error_of = [&](const std::function<void(RawRunFile&)>& change) {
    RawRunFile raw = good_raw_file();
    change(raw);
    remove_file(path);
    write_raw_file(path, raw);
    const Thrown error = thrown_by([&] { open_and_load(path); });
    CHECK((error.code == ExitCode::Done || (error.code == ExitCode::BadData && error.says(path))));
    return error;
  };
  const auto with_numbers = [&](const std::string& name, const std::vector<std::uint64_t>& numbers) {
    return error_of([&](RawRunFile& raw) { raw.runs[0].numbers[name] = numbers; });
  };
  CHECK(error_of([](RawRunFile&) {}).says("nothing was thrown"));
  CHECK(error_of([](RawRunFile& raw) { raw.texts["format"] = "thresh job"; }).says("it holds no runs"));
  CHECK(error_of([](RawRunFile& raw) { raw.runs[0].attributes.erase("staged"); }).says("is damaged"));
  CHECK(
      error_of([](RawRunFile& raw) { raw.runs[0].attributes["staged"] = 1; }).says("run0/staged cannot be"));
  CHECK(error_of([](RawRunFile& raw) { raw.attributes["schema"] = 2; }).says("another version"));
  CHECK(error_of([](RawRunFile& raw) { raw.attributes["runs"] = 0; }).says("it holds no runs"));
  CHECK(error_of([](RawRunFile& raw) { raw.attributes["runs"] = UINT64_MAX; }).says("is damaged"));
  CHECK(error_of([](RawRunFile& raw) { raw.attributes["worker"] = 7; }).says("first run is another"));
  CHECK(error_of([](RawRunFile& raw) { raw.attributes.erase("partitions"); }).says("is damaged"));
  CHECK(error_of([](RawRunFile& raw) {
          raw.runs[0].attributes["sequence"] = 1ULL << 32;
        }).says("run0/sequence is too large"));
  CHECK(error_of([](RawRunFile& raw) {
          raw.runs.push_back(raw.runs[0]);
          raw.attributes["runs"] = 2;
        }).says("run1/ has the id of another run"));

  CHECK(with_numbers("split", {5, 4}).says("run0/split does not rise"));
  CHECK(with_numbers("split", {4, 4}).says("run0/split does not rise"));
  CHECK(with_numbers("split", {4, 1ULL << 32}).says("run0/split is too large"));
  CHECK(with_numbers("split_emits", {1}).says("run0/split_emits has another length"));
  CHECK(with_numbers("slice_rows", {3}).says("run0/slice_rows has another length"));
  CHECK(with_numbers("slice_rows", {3, 1}).says("run0/key_offsets does not have one offset a row"));
  CHECK(with_numbers("slice_rows", {3, 0}).says("run0/slice_rows has none for some bytes"));
  CHECK(with_numbers("slice_rows", {UINT64_MAX, 4}).says("run0/slice_rows has sums that cannot be"));
  CHECK(with_numbers("slice_rows", {1, 2}).says("rows of its sums in partition 0"));
  CHECK(with_numbers("slice_bytes", {22, 10}).says("slice_bytes does not add up to the columns"));
  CHECK(with_numbers("slice_bytes", {21, 10}).says("rows of its sums in partition 0"));
  CHECK(with_numbers("slice_hash_sum", {1, 2}).says("rows of its sums in partition 0"));
  CHECK(with_numbers("counter_value", {1}).says("run0/counter_value has another length"));
  CHECK(error_of([](RawRunFile& raw) {
          raw.runs[0].strings["counter"] = {"b", "a"};
          raw.runs[0].numbers["counter_value"] = {1, 2};
        }).says("run0/counter does not rise"));

  CHECK(with_numbers("key_offsets", {}).says("run0/key_offsets does not have one offset a row"));
  CHECK(with_numbers("key_offsets", {0, 1, 3, 5}).says("run0/key_offsets does not fit run0/keys"));
  CHECK(with_numbers("key_offsets", {1, 1, 3, 4}).says("run0/key_offsets does not fit run0/keys"));
  CHECK(with_numbers("key_offsets", {0, 3, 1, 4}).says("run0/keys has offsets that do not rise"));
  CHECK(with_numbers("key_offsets", {0, 9, 3, 4}).says("run0/keys has offsets that do not rise"));
  CHECK(with_numbers("value_offsets", {0, 1, UINT64_MAX, 3}).says("offsets that do not rise"));
  CHECK(with_numbers("value_offsets", {0, 2, 3, 3}).says("rows of its sums in partition 0"));
  CHECK(error_of([](RawRunFile& raw) {
          raw.runs[0].bytes["keys"] = "abbd";
        }).says("rows of its sums in partition 1"));
  CHECK(error_of([](RawRunFile& raw) { raw.runs[0].bytes.erase("values"); }).says("is damaged"));
  CHECK(error_of([](RawRunFile& raw) {
          raw.runs[0].bytes.erase("keys");
          raw.runs[0].numbers["keys"] = {1, 2, 3, 4};
        }).says("run0/keys has another type"));
}

std::size_t open_files() {
  return list_directory("/proc/self/fd").size();
}

// In a process of its own: no file may be longer than `most` bytes. Then there is no file, and nothing is
// kept open; without the limit the next one is written; and the library ends well.
bool survives_full_disk(const Scratch& scratch, const std::vector<const Run*>& runs, std::uint64_t most) {
  std::cout.flush();
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const auto write = [&] { write_run_file(scratch.path(), "job", runs, kTexts, false); };
    const std::size_t open_before = open_files();
    bool good = true;
    for (int attempt = 0; attempt < 2; ++attempt) {
      const rlimit limit{most, RLIM_INFINITY};
      ::setrlimit(RLIMIT_FSIZE, &limit);
      const Thrown error = thrown_by(write);
      good = good && error.code == ExitCode::Io && error.says(scratch.path()) &&
             error.says("File too large") && list_directory(scratch.path()).empty() &&
             open_files() == open_before;
    }
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    write();
    open_and_load(scratch / run_file_name("job", runs.front()->summary.id));
    std::exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST_CASE(
    "a disk that is full at any moment of writing is an error that names it, and leaves nothing behind") {
  ChunkPool pool;
  std::vector<Run> runs;
  std::vector<const Run*> pointers;
  for (std::uint32_t i = 0; i < 3; ++i) runs.push_back(make_run(pool, kTexts, {1, 1, i}, {{{"a", "1"}}, {}}));
  for (const Run& run : runs) pointers.push_back(&run);
  const Scratch whole;
  const std::uint64_t size = write_run_file(whole.path(), "job", pointers, kTexts, false).bytes;
  for (std::uint64_t most = 0; most < size; most += 700) {
    const Scratch scratch;
    CAPTURE(most);
    CHECK(survives_full_disk(scratch, pointers, most));
  }
}

TEST_CASE("a disk that is full in the midst of a column is an error too") {
  ChunkPool pool;
  const Run run = make_run(pool, kTexts, {1, 1, 1}, {{{"a", std::string(5 << 20, 'v')}, {"b", ""}}, {}});
  for (std::uint64_t most = 1000; most < (5 << 20); most = most * 2 + 99) {
    const Scratch scratch;
    CAPTURE(most);
    CHECK(survives_full_disk(scratch, {&run}, most));
  }
}

TEST_CASE("a name that is taken and a directory that is not there are errors, and leave nothing behind") {
  const Scratch scratch;
  const std::string path = scratch.write(run_file_name("job", {1, 2, 1}), "mine");
  const Thrown taken = thrown_by([&] { write_small(scratch, "job"); });
  CHECK(taken.code == ExitCode::Io);
  CHECK(taken.says(path));
  CHECK(slurp(path) == "mine");
  CHECK(list_directory(scratch.path()).size() == 1);

  ChunkPool pool;
  const Run run = make_run(pool, kTexts, {1, 1, 1}, {{}, {}});
  const auto nowhere = [&] { write_run_file(scratch / "nowhere", "job", {&run}, kTexts, true); };
  CHECK(thrown_by(nowhere).code == ExitCode::Io);
  CHECK(thrown_by(nowhere).says(scratch / "nowhere"));
}

}  // namespace
}  // namespace thresh::storage
