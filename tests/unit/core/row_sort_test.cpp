#include "core/row_sort.hpp"

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/slice.hpp"
#include "rows.hpp"
#include "support/catch.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

// The rows in the order that sort_rows gives them.
Pairs sorted(const Pairs& pairs, const RowFormat& format) {
  ChunkPool pool;
  Slice slice;
  std::vector<RowRef> refs;
  for (const auto& [key, value] : pairs) {
    refs.push_back({key_prefix(key), slice.append(pool, format, key, value)});
  }
  SortMemory memory;
  sort_rows(refs, format, memory);
  Pairs rows;
  for (const RowRef& ref : refs) {
    const Row row = format.read(ref.row);
    REQUIRE(ref.prefix == key_prefix(row.key));
    rows.emplace_back(row.key, row.value);
  }
  return rows;
}

}  // namespace

TEST_CASE("rows are sorted by key and value at every size at which another way is taken") {
  std::mt19937_64 random(7);
  for (const std::size_t rows : std::initializer_list<std::size_t>{0, 1, 2, 24, 25, 400, 1'023, 1'024, 3'000,
                                                                   20'000, 20'001, 70'000, 262'145}) {
    for (const int kind : {0, 1, 2, 3, 4, 5, 6, 7, 8}) {
      if (rows > 100'000 && kind != 0 && kind != 5) continue;  // for the sake of time
      Pairs pairs;
      for (std::size_t i = 0; i < rows; ++i) {
        const std::uint64_t number = random();
        std::string key = number_bytes(number);                                  // any bytes
        if (kind == 1) key = std::to_string(number % 1'000);                     // many are the same
        if (kind == 2) key = "the same prefix " + std::to_string(number % 500);  // so are the prefixes
        if (kind == 3) key = std::string(number % 11, static_cast<char>(number >> 32 & 1));  // NULs, sizes
        // The first bytes look as if they told all rows apart.
        if (kind == 4) key = std::string(4, static_cast<char>(number % 200)) + number_bytes(number >> 8);
        // Addresses: they differ far behind, and begin alike there too.
        if (kind == 5) {
          key = "https://www.example.org/" + std::to_string(number % 3) + "/products/" +
                std::to_string(number >> 40);
        }
        // Each length begins with all shorter ones, past the depth at which rows are compared.
        if (kind == 6) key = std::string(number % 200, 'a') + (number >> 63 ? "b" : "");
        // NULs where the next 8 bytes begin, and keys that end there.
        if (kind == 7) key = "8 bytes:" + std::string(number % 19, '\0') + (number >> 63 ? "x" : "");
        // Words: of the values that a digit could have few occur.
        if (kind == 8) {
          key.clear();
          for (std::uint64_t rest = number; key.size() < 3 + number % 8; rest /= 5) {
            key += key.size() % 2 == 0 ? "bkmtz"[rest % 5] : "aeiou"[rest % 5];
          }
        }
        pairs.emplace_back(std::move(key), std::to_string(random() % 10));
      }
      const Pairs got = sorted(pairs, RowFormat(0));
      std::sort(pairs.begin(), pairs.end());
      CHECK(got == pairs);
    }
  }
}

TEST_CASE("keys that ended are not looked at again for each 8 NULs of one that goes on") {
  // As of a file that was cut while someone wrote to it: empty lines, and one that begins with a hole.
  constexpr std::size_t kRows = 10'000;
  std::vector<std::string> keys(kRows);
  keys[kRows / 2].assign(100'000, '\0');
  keys[kRows / 2] += "a line";
  std::vector<RowRef> refs;
  for (const std::string& key : keys) refs.push_back({key_prefix(key), reinterpret_cast<const char*>(&key)});
  SortMemory memory;
  std::size_t looks = 0;
  const auto key_of = [](const char* row) -> std::string_view {
    return *reinterpret_cast<const std::string*>(row);
  };
  sort_refs(
      refs,
      [&](const char* row) {
        ++looks;
        return key_of(row);
      },
      [&](const char* a, const char* b) { return key_of(a) < key_of(b); }, memory);
  CHECK(looks < 10 * kRows);
  CHECK(key_of(refs.back().row) == keys[kRows / 2]);
}
