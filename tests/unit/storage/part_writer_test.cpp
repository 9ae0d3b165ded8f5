#include "storage/part_writer.hpp"

#include <rapidcheck.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "scratch.hpp"
#include "small_job.hpp"
#include "storage/manifest.hpp"
#include "storage/top_lines.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

void line(PartWriter& writer, const std::string& key, const std::string& value, const std::string& rank = "",
          std::uint64_t weight = 0) {
  writer.begin_group(key, hash_key(key));
  writer.key(key);
  writer.append(value);
  writer.end_line(rank, weight);
}

std::string escaped(const std::string& key, const std::vector<std::string>& values) {
  const Scratch scratch;
  PartOptions options;
  options.escape = true;
  PartWriter writer(scratch.path(), 0, 1, "id", options);
  writer.begin_group(key, 0);
  writer.key(key);
  for (const std::string& value : values) writer.append(value);
  writer.end_line({}, 0);
  return slurp(scratch / commit(writer).file);
}

TEST_CASE("a line is the key, a TAB and what was appended") {
  const Scratch scratch;
  PartWriter writer(scratch.path(), 7, 3, "id", {});
  line(writer, "word", "12\twith a TAB\r\\");
  writer.begin_group("bare", 0);
  writer.key("bare");
  writer.end_line({}, 0);
  writer.key("");
  writer.append("a");
  writer.append(std::string("\0b", 2));
  writer.end_line({}, 0);
  const PartSummary part = commit(writer);
  const std::string expected = "word\t12\twith a TAB\r\\\nbare\n\ta" + std::string("\0b", 2) + "\n";
  CHECK(slurp(scratch / part.file) == expected);
  CHECK(part.partition == 7);
  CHECK(part.file.rfind("p00007.3.", 0) == 0);
  CHECK(part.groups == 2);
  CHECK(part.lines == 3);
  CHECK(part.bytes == expected.size());
  CHECK(part.checksum == hash_bytes(expected));
}

TEST_CASE("the weight of a part is the sum over its lines, whatever the order") {
  const Scratch scratch;
  PartWriter writer(scratch.path(), 0, 1, "id", {});
  line(writer, "a", "1", "", 3);
  line(writer, "b", "1", "", UINT64_MAX);
  CHECK(commit(writer).weight == weigh(hash_key("a"), 3) + weigh(hash_key("b"), UINT64_MAX));
}

TEST_CASE("a key or value that a line cannot hold is refused by name") {
  const Scratch scratch;
  const auto refusal = [&](const std::string& key, const std::string& value) {
    PartWriter writer(scratch.path(), 0, 1, "id", {});
    return thrown_by([&] { line(writer, key, value); });
  };
  CHECK(refusal("a\tb", "").says("the key \"a\\tb\" holds a TAB"));
  CHECK(refusal("a\nb", "").says("the key \"a\\nb\" holds a newline"));
  CHECK(refusal("k\xff", "x\ny").says("the value of the key \"k\\xff\" holds a newline"));
  CHECK(refusal(std::string(5000, 'k'), "x\ny").what.size() < 300);
  CHECK(refusal("a\tb", "").code == ExitCode::BadData);
  CHECK(refusal("a\tb", "").says("--escape"));
}

TEST_CASE("a line that was begun and not ended is refused, not continued by the next one") {
  const Scratch scratch;
  PartWriter writer(scratch.path(), 0, 1, "id", {});
  writer.begin_group("word", 0);
  writer.key("word");
  writer.append("12");
  const std::string refused = "key \"word\": reduce began a line of output and did not end it";
  CHECK(thrown_by([&] { writer.key("next"); }).says(refused));
  CHECK(thrown_by([&] { writer.line("next", "1", {}, 0); }).says(refused));
  CHECK(thrown_by([&] { writer.finish({}); }).says(refused));
}

TEST_CASE("--escape writes what a line cannot hold so that it can be read back") {
  CHECK(escaped("a\tb\nc\rd\\e", {"x"}) == "a\\tb\\nc\\rd\\\\e\tx\n");
  CHECK(escaped("k", {"1\t2\n3\r4\\5", "\n"}) == "k\t1\t2\\n3\\r4\\\\5\\n\n");
  CHECK(escaped("", {}) == "\n");
  CHECK(escaped("plain", {"text"}) == "plain\ttext\n");
}

TEST_CASE("nobody sees a part before it is committed, and an abandoned one is removed") {
  const Scratch scratch;
  {
    PartWriter writer(scratch.path(), 0, 1, "jobid", {});
    line(writer, "a", "1");
    const auto names = list_directory(scratch.path());
    REQUIRE(names.size() == 1);
    CHECK(names[0].rfind("tmp.jobid.p00000.1.", 0) == 0);
  }
  CHECK(list_directory(scratch.path()).empty());
}

TEST_CASE("two attempts at one part in one generation do not meet") {
  const Scratch scratch;
  PartWriter one(scratch.path(), 0, 1, "id", {});
  PartWriter two(scratch.path(), 0, 1, "id", {});
  line(one, "a", "1");
  line(two, "a", "1");
  CHECK(commit(one).file != commit(two).file);
  CHECK(list_directory(scratch.path()).size() == 4);
}

TEST_CASE("texts of any size around the buffer's come out as they went in") {
  const Scratch scratch;
  constexpr std::size_t kBuffer = 256 << 10;
  PartWriter writer(scratch.path(), 0, 1, "id", {});
  std::string expected;
  for (const std::size_t size :
       {std::size_t{1}, kBuffer - 3, kBuffer, kBuffer + 1, 3 * kBuffer, std::size_t{0}}) {
    const std::string value(size, 'v');
    line(writer, "k", value);
    expected += "k\t" + value + "\n";
    CHECK(writer.bytes() == expected.size());
  }
  const PartSummary part = commit(writer);
  CHECK(slurp(scratch / part.file) == expected);
  CHECK_FALSE(check_part(scratch.path(), part.file, expected.size(), hash_bytes(expected), nullptr));
}

TEST_CASE("a part takes no more room than its bytes, whatever was set aside for more of them") {
  const Scratch scratch;
  PartWriter writer(scratch.path(), 0, 1, "id", {});
  const std::string value(100'000, 'v');
  for (int i = 0; i < 44; ++i) line(writer, "k", value);
  const PartSummary part = commit(writer);
  struct stat file {};
  REQUIRE(::stat((scratch / part.file).c_str(), &file) == 0);
  CHECK(static_cast<std::uint64_t>(file.st_size) == part.bytes);
  CHECK(static_cast<std::uint64_t>(file.st_blocks) * 512 < part.bytes + 100'000);
}

TEST_CASE("check_part says what is wrong and counts its blocks as progress") {
  const Scratch scratch;
  std::string bytes(3 << 20, 'x');
  scratch.write("part", bytes);
  class Counter final : public Progress {
  } progress;
  const auto flaw = [&](std::uint64_t size, std::uint64_t checksum) {
    return check_part(scratch.path(), "part", size, checksum, &progress).value_or("");
  };
  CHECK(flaw(bytes.size(), hash_bytes(bytes)) == "");
  CHECK(progress.steps() == 12);  // blocks of 256 KiB
  CHECK(flaw(bytes.size() + 1, 0).find("has 3145728 bytes instead of 3145729") != std::string::npos);
  const std::uint64_t good = hash_bytes(bytes);
  bytes[1234567] = static_cast<char>(bytes[1234567] ^ 4);
  scratch.write("part", bytes);
  CHECK(flaw(bytes.size(), good).find("was changed: its XXH3") != std::string::npos);
  std::filesystem::remove(scratch / "part");
  CHECK(flaw(1, 1).find("No such file") != std::string::npos);
}

TEST_CASE("the sidecar gives the summary back, and is refused when it is damaged") {
  const Scratch scratch;
  PartOptions options;
  options.top = 3;
  PartWriter writer(scratch.path(), 2, 5, "jobid", options);
  line(writer, std::string("k\0\xff", 3), "1", std::string("\0\x01", 2), 9);
  PartSummary ledger;
  ledger.worker = 4;
  ledger.cover_digest = UINT64_MAX;
  ledger.input_rows = (std::uint64_t{1} << 53) + 1;
  ledger.input_hash_sum = 17;
  ledger.counters = {{"odd \xfe name\\", UINT64_MAX}, {"b", 0}};
  const PartSummary part = commit(writer, ledger);
  const std::string path = scratch / commit_name(part.file);
  std::string text = slurp(path);
  const PartCommit commit = parse_commit(text, path);
  CHECK(commit.part == part);
  CHECK(commit.generation == 5);
  CHECK(commit.job_id == "jobid");
  for (std::size_t i = 0; i < text.size(); i += 7) {
    std::string broken = text;
    broken[i] = static_cast<char>(broken[i] ^ 2);
    bool same = false;
    const Thrown error = thrown_by([&] { same = parse_commit(broken, path).part == part; });
    CHECK((error.code == ExitCode::BadData || same));  // white space may change
    CHECK(thrown_by([&] { parse_commit(text.substr(0, i), path); }).code == ExitCode::BadData);
  }
}

TEST_CASE("a full disk is an error that names the file, and leaves nothing behind") {
  const Scratch scratch;
  // In a child: limits of the file size hold for the process.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Thrown error = thrown_by([&] {
      PartWriter writer(scratch.path(), 0, 1, "id", {});
      for (int i = 0; i < 3000; ++i) line(writer, "key", std::string(1000, 'v'));
      commit(writer);
    });
    const bool good = error.code == ExitCode::Io &&
                      error.says("cannot write " + scratch.path() + "/tmp.id.p00000") &&
                      error.says("File too large") && list_directory(scratch.path()).empty();
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("a directory that is gone is an error that names the path") {
  const Scratch scratch;
  const Thrown error = thrown_by([&] { PartWriter(scratch / "gone", 0, 1, "id", {}); });
  CHECK(error.code == ExitCode::Io);
  CHECK(error.says(scratch / "gone"));
}

TEST_CASE("--top is the best lines over all parts, ties in the order of keys") {
  rc::check([&] {
    const Scratch scratch;
    const auto top = *rc::gen::inRange<std::uint32_t>(1, 6);
    const auto lines = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 40), rc::gen::inRange(0, 4)));
    PartOptions options;
    options.top = top;
    options.fsync = false;
    std::vector<std::tuple<int, std::string, std::string>> expected;
    std::vector<PartSummary> parts;
    for (PartitionId p = 0; p < 3; ++p) {
      PartWriter writer(scratch.path(), p, 1, "id", options);
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto& [number, rank] = lines[i];
        if (number % 3 != static_cast<int>(p)) continue;
        const std::string key = std::to_string(number);
        line(writer, key, std::to_string(i), std::to_string(rank));
        expected.emplace_back(-rank, key, key + "\t" + std::to_string(i) + "\n");
      }
      parts.push_back(commit(writer));
      RC_ASSERT(parts.back().top.size() <= top);
      std::filesystem::rename(scratch / parts.back().file, scratch / part_name(p));
    }
    std::stable_sort(expected.begin(), expected.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(top, expected.size()); ++i)
      text += std::get<2>(expected[i]);
    {
      const Fd out = create_new(scratch / "printed");
      print_top(scratch.path(), parts, top, out.get());
    }
    RC_ASSERT(slurp(scratch / "printed") == text);
  });
}

}  // namespace
}  // namespace thresh::storage
