// Growing where it lies: every key keeps its value, and is found.
#include "core/inline_table.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "thresh/bytes.hpp"

using namespace thresh;

namespace {

constexpr std::size_t kValueSize = 8;

using Rows = std::map<std::string, std::uint64_t>;

// Adds up the numbers of keys, as a job would.
class Adder final : public EmitSink {
 public:
  explicit Adder(InlineTable& table) : table_(table) {}
  void take(const EmitBatch& batch) override {
    Slots slots = table_.slots();
    combine_into_slots<kValueSize>(
        slots, batch, left_, [](char* into, const char* from) { add(into, from); },
        [](std::uint64_t, const char*) { return std::uint64_t{0}; });
    table_.set_rows(slots.rows);
    for (const std::uint32_t at : left_) {
      const EmitBatch::Emit& emit = batch.emits()[at];
      const char* const value = EmitBatch::value(emit).data();
      if (char* const into = table_.find_or_add_long(emit.hash, EmitBatch::key(emit), value))
        add(into, value);
    }
    left_.clear();
  }

 private:
  static void add(char* into, const char* from) {
    store_little(into, load_little<std::uint64_t>(into) + load_little<std::uint64_t>(from));
  }

  InlineTable& table_;
  std::vector<std::uint32_t> left_;
};

void put(InlineTable& table, const std::string& key, std::uint64_t number) {
  Adder adder(table);
  EmitBatch batch(adder);
  char value[kValueSize];
  store_little(value, number);
  batch.add(key, {value, sizeof value});
  batch.commit();
  batch.flush();
}

void require_rows(const InlineTable& table, const Rows& rows) {
  Rows seen;
  table.for_each([&](const char* slot, std::string_view key) {
    REQUIRE(seen.emplace(key, load_little<std::uint64_t>(table.value_at(slot))).second);
  });
  REQUIRE(seen == rows);
  REQUIRE(table.rows() == rows.size());
}

}  // namespace

TEST_CASE("a table grows with all that is in it, however full it was") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 40; ++round) {
    ChunkPool pool;
    InlineTable table(pool, kValueSize, 16);
    Rows rows;
    // Full to the brim, most clusters of keys in small tables go past the end. The last sizes move pages.
    const std::uint64_t largest = round == 0 ? std::uint64_t{4} << 20 : std::uint64_t{16} << 10;
    while (table.slot_bytes() < largest) {
      while (table.has_room_for(1)) {
        std::string key = std::to_string(random());
        key.resize(1 + random() % 24, '-');  // some do not fit into a slot
        ++rows[key];
        put(table, key, 1);
      }
      const std::uint64_t before = table.slot_bytes();
      table.reserve(1);
      REQUIRE(table.slot_bytes() == 4 * before);  // as it was fuller than any is that may grow
      require_rows(table, rows);
      for (const auto& [key, number] : rows) put(table, key, 0);  // all are found: none is new
      require_rows(table, rows);
    }
    table.reset(16);
    require_rows(table, {});
  }
}

TEST_CASE("memory grows with its bytes, and zeros behind them") {
  GrowingMemory memory;
  std::size_t written = 0;
  for (const std::size_t bytes : {std::size_t{100}, kHugePageBytes, kHugePageBytes + 1, 9 * kHugePageBytes}) {
    memory.grow(bytes);
    const char* const data = memory.data();
    REQUIRE(std::count(data, data + written, 'x') == static_cast<std::ptrdiff_t>(written));
    REQUIRE(std::count(data + written, data + bytes, 0) == static_cast<std::ptrdiff_t>(bytes - written));
    std::memset(memory.data(), 'x', bytes);
    written = bytes;
    REQUIRE(reinterpret_cast<std::uintptr_t>(memory.data()) % kHugePageBytes == 0);
  }
  char* const before = memory.data();
  REQUIRE_THROWS_AS(memory.grow(std::size_t{1} << 60), std::bad_alloc);
  REQUIRE(memory.data() == before);
  REQUIRE(memory.data()[written - 1] == 'x');
}
