#include "storage/split_reader.hpp"

#include <rapidcheck.h>
#include <sys/stat.h>

#include <map>

#include "scratch.hpp"
#include "support/catch.hpp"

namespace thresh::storage {
namespace {

using namespace test;

// Offset to line, newline included.
using Records = std::map<std::uint64_t, std::string>;

Records cut_by_hand(const std::string& bytes) {
  Records records;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size() - 1) + 1;
    records[at] = bytes.substr(at, end - at);
    at = end;
  }
  return records;
}

// Adds the records of a split; false if one came twice, or a block is not whole lines where it says.
bool add_records(const InputFile& file, const Split& split, const std::string& bytes,
                 std::vector<char>& buffer, Records& records) {
  SplitReader reader(file, split, buffer);
  while (const auto block = reader.next()) {
    if (block->bytes.empty() || bytes.compare(block->file_offset, block->bytes.size(), block->bytes) != 0) {
      return false;
    }
    for (const auto& [offset, record] : cut_by_hand(std::string(block->bytes))) {
      const std::uint64_t at = block->file_offset + offset;
      if (at < split.begin || at >= split.end || !records.emplace(at, record).second) return false;
    }
  }
  return !reader.next();
}

Records read_in_splits(const InputFile& file, const std::string& bytes, std::vector<std::uint64_t> cuts) {
  cuts.push_back(0);
  cuts.push_back(file.size);
  std::sort(cuts.begin(), cuts.end());
  Records records;
  std::vector<char> buffer;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    if (!add_records(file, {0, cuts[i], cuts[i + 1]}, bytes, buffer, records)) return {{0, "twice or torn"}};
  }
  return records;
}

TEST_CASE("the splits of a file give each record exactly once, wherever they are cut") {
  const Scratch scratch;
  CHECK(rc::check([&] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "\n", "\r\n", std::string(1, '\0'), "a", "some words", "\n\n\n", "\r", std::string(300, 'x')));
    std::string bytes;
    for (const auto& piece : pieces) bytes += piece;
    const InputFile file = listed(scratch.write("input", bytes));
    const auto cuts =
        *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, file.size + 1));
    RC_ASSERT(read_in_splits(file, bytes, cuts) == cut_by_hand(bytes));
  }));
}

TEST_CASE("splits of one byte give each record exactly once") {
  const Scratch scratch;
  for (const std::string bytes : {"", "\n", "a", "a\n", "\n\na\r\n\nbcd", "abc\ndef\n"}) {
    const InputFile file = listed(scratch.write("input", bytes));
    std::vector<std::uint64_t> cuts;
    for (std::uint64_t i = 0; i < file.size; ++i) cuts.push_back(i);
    CHECK(read_in_splits(file, bytes, cuts) == cut_by_hand(bytes));
  }
}

TEST_CASE("lines around and far beyond the size of a read come whole, at any cut") {
  const Scratch scratch;
  constexpr std::size_t kRead = 1 << 20;
  std::string bytes;
  for (const std::size_t length : {kRead - 1, kRead, kRead + 1, std::size_t{10}, 3 * kRead + 7,
                                   std::size_t{0}, 64 * std::size_t{1024}, kRead / 2}) {
    bytes += std::string(length, static_cast<char>('a' + length % 26)) + "\n";
  }
  bytes += "no newline at the end";
  const InputFile file = listed(scratch.write("input", bytes));
  const Records expected = cut_by_hand(bytes);
  const auto read = [&](const std::vector<std::uint64_t>& cuts) { return read_in_splits(file, bytes, cuts); };
  CHECK(read({}) == expected);
  for (const std::uint64_t size : {kRead - 1, kRead, kRead + 1, kRead / 3, 5 * kRead}) {
    std::vector<std::uint64_t> cuts;
    for (std::uint64_t at = size; at < file.size; at += size) cuts.push_back(at);
    CHECK(read(cuts) == expected);
  }
  for (const auto& [begin, line] : expected)
    CHECK(read({begin, begin + 1, begin + line.size() - 1}) == expected);
}

TEST_CASE("a buffer that grew for a large record is not kept, another one is") {
  const Scratch scratch;
  std::vector<char> buffer;
  const auto kept_after = [&](std::size_t length) {
    const std::string bytes = std::string(length, 'x') + "\nshort\n";
    Records records;
    CHECK(add_records(listed(scratch.write("input", bytes)), {0, 0, bytes.size()}, bytes, buffer, records));
    CHECK(records.size() == 2);
    return buffer.capacity();
  };
  CHECK(kept_after(1000) > 1000);
  CHECK(kept_after(30 << 20) == 0);
}

TEST_CASE("a split in the midst of a long line owns nothing, and reads no more than itself") {
  const Scratch scratch;
  const InputFile file = listed(scratch.write("input", std::string(10 << 20, 'x') + "\nlast\n"));
  std::vector<char> buffer;
  SplitReader reader(file, {0, 2 << 20, 4 << 20}, buffer);
  CHECK_FALSE(reader.next());
  CHECK(reader.bytes_read() <= (2 << 20) + 1);
}

TEST_CASE("a split is read in blocks and not far beyond its end") {
  const Scratch scratch;
  std::string bytes;
  while (bytes.size() < (8 << 20)) bytes += "a line of text\n";
  const InputFile file = listed(scratch.write("input", bytes));
  for (const std::uint64_t begin : {0U, 1U << 20}) {  // the second one is in the midst of a line
    std::vector<char> buffer;
    SplitReader reader(file, {0, begin, begin + (4 << 20)}, buffer);
    std::size_t largest = 0;
    int blocks = 0;
    for (; const auto block = reader.next(); ++blocks) largest = std::max(largest, block->bytes.size());
    CHECK(blocks == 4);
    CHECK(largest <= (1 << 20) + (128 << 10));
    CHECK(reader.bytes_read() <= (4 << 20) + (64 << 10) + (begin > 0 ? 1 : 0));
    CHECK(buffer.size() <= (1 << 20) + (256 << 10));
  }
}

TEST_CASE("a file that is not as it was listed is refused by name, when it is opened") {
  const Scratch scratch;
  const std::string path = scratch.write("in\nput", "one\ntwo\n");
  const InputFile file = listed(path);
  ExitCode code = ExitCode::BadData;
  std::string says;
  SECTION("gone") {
    std::filesystem::remove(path);
    code = ExitCode::Io;
    says = "vanished";
  }
  SECTION("longer") {
    std::ofstream(path, std::ios::app) << "x";
    says = "changed its size from 8 to 9 bytes";
  }
  SECTION("shorter") {
    std::filesystem::resize_file(path, 3);
    says = "changed its size from 8 to 3 bytes";
  }
  SECTION("modified") {
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - std::chrono::seconds(1));
    says = "was modified";
  }
  SECTION("no file any more") {
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0666) == 0);
    says = "is not a regular file any more";
  }
  std::vector<char> buffer;
  const Thrown error = thrown_by([&] { SplitReader(file, {0, 4, 8}, buffer); });
  INFO(error.what);
  CHECK(error.code == code);
  CHECK(error.says(says));
  CHECK(error.says("in\\nput"));
}

TEST_CASE("a file that changes while it is read is refused by name and offset") {
  const Scratch scratch;
  std::string bytes;
  while (bytes.size() < (4 << 20)) bytes += "a line of text\n";
  const std::string path = scratch.write("input", bytes);
  const InputFile file = listed(path);
  std::vector<char> buffer;
  SplitReader reader(file, {0, 100, file.size}, buffer);
  REQUIRE(reader.next());
  std::string says;
  SECTION("shrinks") {
    std::filesystem::resize_file(path, 2 << 20);
    says = "changed its size";
  }
  SECTION("grows") {
    std::ofstream(path, std::ios::app) << "x";
    says = "changed its size";
  }
  SECTION("is modified in place") {
    std::fstream(path, std::ios::in | std::ios::out) << "X";
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(1));
    says = "was modified while it was read";
  }
  const Thrown error = thrown_by([&] {
    while (reader.next()) {
    }
  });
  INFO(error.what);
  CHECK(error.code == ExitCode::BadData);
  CHECK(error.says(says));
  CHECK(error.says("(at offset 100)"));
}

}  // namespace
}  // namespace thresh::storage
