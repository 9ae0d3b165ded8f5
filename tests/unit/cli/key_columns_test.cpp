#include "cli/key_columns.hpp"

#include "cli/number.hpp"
#include "support/catch.hpp"

namespace thresh::cli {

TEST_CASE("a key is given by its first and last byte, counted from 1") {
  CHECK(parse_key_columns("1,10") == KeyColumns{1, 10});
  CHECK(parse_key_columns("7,7") == KeyColumns{7, 7});
  CHECK(parse_key_columns("3") == KeyColumns{3, UINT32_MAX});
}

TEST_CASE("a key that is no range of bytes is refused") {
  for (const char* bad :
       {"", ",", "0", "0,3", "3,", ",3", "4,3", "-1,3", "1,2,3", "a", "1, 3", "4294967296"}) {
    CHECK_THROWS_AS(parse_key_columns(bad), BadValue);
  }
}

TEST_CASE("a recorded key is what was given, or none") {
  storage::JobIdentity identity;
  CHECK_FALSE(recorded_key(identity));
  identity.shaping["key"] = "none";
  CHECK_FALSE(recorded_key(identity));
  identity.shaping["key"] = "2,5";
  CHECK(recorded_key(identity) == KeyColumns{2, 5});
}

TEST_CASE("a recorded job that this program does not have is none") {
  storage::JobIdentity identity;
  identity.job = "of another program";
  CHECK_FALSE(recorded_job(identity));
}

}  // namespace thresh::cli
