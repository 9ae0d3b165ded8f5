#include "storage/scratch_file.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace thresh;
using namespace thresh::storage;
using namespace thresh::test;

namespace {

std::string read(const ScratchFile& scratch, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  scratch.read(offset, bytes.data(), size);
  return bytes;
}

}  // namespace

TEST_CASE("what was appended to scratch comes back, also from more pieces than one call takes") {
  const TemporaryDirectory directory;
  ScratchFile scratch(directory.path());
  std::vector<std::string> texts;
  std::vector<std::string_view> pieces;
  for (int i = 0; i < 200; ++i)
    texts.push_back(std::string(static_cast<std::size_t>(i) + 1, static_cast<char>('a' + i % 26)));
  for (const std::string& text : texts) pieces.emplace_back(text);
  const std::uint64_t first = scratch.append({"begin"});
  const std::uint64_t second = scratch.append(pieces);
  CHECK(read(scratch, first, 5) == "begin");
  std::uint64_t at = second;
  for (const std::string& text : texts) {
    CHECK(read(scratch, at, text.size()) == text);
    at += text.size();
  }
  CHECK(scratch.append({"end"}) == at);
}

TEST_CASE("a scratch file has no name while it is used") {
  const TemporaryDirectory directory;
  ScratchFile scratch(directory.path());
  scratch.append({"rows"});
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("what is released from scratch leaves its neighbours alone") {
  const TemporaryDirectory directory;
  ScratchFile scratch(directory.path());
  const std::string many(100'000, 'x');
  const std::uint64_t first = scratch.append({"left"});
  const std::uint64_t middle = scratch.append({many});
  const std::uint64_t last = scratch.append({"right"});
  scratch.release(middle, many.size());
  CHECK(read(scratch, first, 4) == "left");
  CHECK(read(scratch, last, 5) == "right");
}

TEST_CASE("a scratch directory that is not there is named, with the option") {
  ScratchFile scratch("/no/such/directory");
  const std::string error = error_of([&] { scratch.append({"rows"}); });
  CHECK(contains(error, "/no/such/directory"));
  CHECK(contains(error, "--scratch"));
  CHECK_THROWS_AS(scratch.open(), StoreFailed);
}

TEST_CASE("reading past what was written to scratch is an error, not zeros") {
  const TemporaryDirectory directory;
  ScratchFile scratch(directory.path());
  scratch.append({"rows"});
  char bytes[8];
  CHECK_THROWS_AS(scratch.read(0, bytes, sizeof bytes), StoreFailed);
}
