#include "storage/room.hpp"

#include <cstdint>

#include "support/catch.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace thresh;
using namespace thresh::storage;
using namespace thresh::test;

TEST_CASE("the room of a directory that is not there yet is that of the one above it") {
  const TemporaryDirectory directory;
  const auto there = room_at(directory.path());
  const auto later = room_at(directory.path() + "/not/there/yet");
  REQUIRE(there);
  REQUIRE(later);
  CHECK(later->directory == directory.path());
  CHECK(later->bytes > 0);
  CHECK(room_at("not-there-either")->directory == ".");
}

TEST_CASE(
    "a file system with less room than a job may need is worth a warning that says how much is missing") {
  const TemporaryDirectory directory;
  CHECK_FALSE(check_room(directory.path(), "the output", 0));
  const auto warning = check_room(directory.path(), "the output", std::uint64_t{1} << 60);
  REQUIRE(warning);
  CHECK(contains(*warning, "the output may need"));
  CHECK(contains(*warning, directory.path()));
  CHECK(contains(*warning, "missing"));
}

TEST_CASE("a file system that does not count its room is not taken for a full one") {
  CHECK_FALSE(room_at("/proc"));
  CHECK_FALSE(check_room("/proc", "the output", std::uint64_t{1} << 60));
}
