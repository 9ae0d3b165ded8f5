#include "storage/job_file.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "small_job.hpp"
#include "storage/hdf5.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

TEST_CASE("job.h5 gives back what a job is, whatever bytes names hold") {
  const Scratch scratch;
  JobIdentity identity = small_identity();
  identity.shaping["empty"] = "";
  const RecordedJob job = read_job_file(write_job_file(scratch.path(), "id", identity));
  CHECK(job.job_id == "id");
  CHECK(job.identity.job == identity.job);
  CHECK(job.identity.shaping == identity.shaping);
  CHECK(job.identity.inputs == identity.inputs);
  CHECK(job.identity.splits == identity.splits);
  CHECK(job.identity.partitions == 3);
  CHECK_FALSE(first_difference(job, identity));
}

TEST_CASE("job.h5 keeps the split points of a total order, and refuses those that divide nothing") {
  const Scratch scratch;
  const std::vector<std::string> points{std::string("a\0", 2), "\xff"};
  const RecordedJob job = read_job_file(write_job_file(scratch.path(), "id", small_identity(), points));
  CHECK(job.split_points == points);
  CHECK_FALSE(first_difference(job, small_identity()));
  for (const std::vector<std::string>& bad : {std::vector<std::string>{"a"}, {"b", "a"}, {"a", "b", "c"}}) {
    const std::string path = write_job_file(scratch.path(), "id", small_identity(), bad);
    CHECK(thrown_by([&] { read_job_file(path); }).says("its split points do not divide its partitions"));
  }
}

TEST_CASE("a job without inputs, options and splits has a job.h5 too") {
  const Scratch scratch;
  JobIdentity identity;
  CHECK_FALSE(first_difference(read_job_file(write_job_file(scratch.path(), "id", identity)), identity));
}

TEST_CASE("a job of many inputs is written in chunks and read back") {
  const Scratch scratch;
  JobIdentity identity = small_identity();
  identity.inputs.clear();
  identity.splits.clear();
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    identity.inputs.push_back({"data/" + std::to_string(i), i, i});
    identity.splits.push_back({i, 0, i});
  }
  CHECK_FALSE(first_difference(read_job_file(write_job_file(scratch.path(), "id", identity)), identity));
}

TEST_CASE("equal jobs give equal bytes") {
  const Scratch scratch;
  const std::string one = write_job_file(scratch.path(), "id", small_identity());
  ::sleep(1);  // a time of creation would show
  CHECK(slurp(one) == slurp(write_job_file(scratch.path(), "id", small_identity())));
}

TEST_CASE("any byte of job.h5 that changed is found before HDF5 opens the file") {
  const Scratch scratch;
  const std::string bytes = slurp(write_job_file(scratch.path(), "id", small_identity()));
  CHECK(bytes.substr(0, 8) == std::string("THRESH\0\0", 8));
  CHECK(bytes.substr(512, 4) == "\x89HDF");
  for (std::size_t i = 0; i < bytes.size(); i += i < 600 ? 1 : 37) {
    std::string broken = bytes;
    broken[i] = static_cast<char>(broken[i] ^ (1 << (i % 8)));
    const std::string path = scratch.write("broken", broken);
    const Thrown error = thrown_by([&] { read_job_file(path); });
    CHECK(error.code == ExitCode::BadData);
    CHECK(error.says(path));
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{511}, std::size_t{512}, bytes.size() - 1}) {
    const std::string path = scratch.write("broken", bytes.substr(0, size));
    CHECK(thrown_by([&] { read_job_file(path); }).code == ExitCode::BadData);
  }
  const std::string longer = scratch.write("broken", bytes + '\0');
  CHECK(thrown_by([&] { read_job_file(longer); }).code == ExitCode::BadData);
}

TEST_CASE("a whole HDF5 file of ours that is no job is refused by name") {
  const Scratch scratch;
  const std::string path = scratch / "other.h5";
  {
    H5Writer file(path);
    file.text("format", "something else");
    file.numbers("numbers", {1, 2, 3});
    file.finish();
  }
  CHECK(thrown_by([&] { read_job_file(path); }).says("it describes no job"));
  const H5Reader reader(path);
  CHECK(reader.numbers("numbers") == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(thrown_by([&] { reader.signed_numbers("missing"); }).code == ExitCode::BadData);
  CHECK(thrown_by([&] { reader.text("missing"); }).code == ExitCode::BadData);
  CHECK(thrown_by([&] { reader.number("format"); }).code == ExitCode::BadData);
  CHECK(thrown_by([&] { reader.strings("numbers"); }).code == ExitCode::BadData);
}

TEST_CASE(
    "a disk that is full while job.h5 is written is an error that names it, and leaves nothing behind") {
  const Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{3000, 3000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Thrown error = thrown_by([&] { write_job_file(scratch.path(), "id", small_identity()); });
    const bool good =
        error.code == ExitCode::Io && error.says(scratch.path()) && list_directory(scratch.path()).empty();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

}  // namespace
}  // namespace thresh::storage
