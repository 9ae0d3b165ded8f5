// Runs that are put together by hand, for tests of the files that they are kept in.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/slice.hpp"
#include "thresh/hash.hpp"

namespace thresh::test {

using KeyValues = std::vector<std::pair<std::string, std::string>>;  // in the order of the slice

inline std::string u64_bytes(std::uint64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// A run with these rows in its partitions, measured. Its splits and counters are made up from its id.
inline Run make_run(ChunkPool& pool, const RowFormat& format, const RunId& id,
                    const std::vector<KeyValues>& partitions) {
  Run run;
  run.summary.id = id;
  for (const KeyValues& rows : partitions) {
    Slice& slice = run.slices.emplace_back();
    for (const auto& [key, value] : rows) slice.append(pool, format, key, value);
    run.summary.slices.push_back(slice.measure(format));
  }
  for (std::uint32_t i = 0; i <= id.sequence % 4; ++i) {
    const SplitId split = 10 * id.sequence + 3 * i;
    run.summary.splits.push_back({split, 100 + i, 200 + i, hash_bytes(u64_bytes(split)), 300 + i});
  }
  if (id.sequence % 2 == 1)
    run.summary.counters = {{"bad lines", 7}, {std::string("\0\xff\n", 3), UINT64_MAX}};
  return run;
}

inline KeyValues rows_in(const Slice& slice, const RowFormat& format) {
  KeyValues rows;
  SliceCursor cursor(slice, format);
  for (Row row; cursor.next(row);) rows.emplace_back(row.key, row.value);
  return rows;
}

}  // namespace thresh::test
