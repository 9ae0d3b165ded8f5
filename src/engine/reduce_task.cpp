#include "engine/reduce_task.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/merge.hpp"
#include "core/piece_merge.hpp"
#include "thresh/hash.hpp"

namespace thresh::engine {
namespace {

// What groups are reduced with.
struct ReduceTools {
  Reducer& reducer;
  Context& context;
  storage::PartWriter& out;
  FaultDrill& drill;
};

void reduce_merged(SliceMerge& merge, const ReduceTools& tools) {
  while (!merge.done()) {
    if (tools.drill.drops("reduce")) {
      merge.lose();
      continue;
    }
    const std::uint64_t key_hash = merge.key_hash();
    GroupValues values(merge);
    tools.out.begin_group(values.key(), key_hash);
    tools.reducer.reduce(values.key(), values, tools.out, tools.context);
    values.skip_rest();
    tools.context.step();
  }
}

// The same where each key is there once.
void reduce_combined(SliceMerge& merge, const RowFormat& format, const ReduceTools& tools) {
  std::array<CombinedGroup, 64> groups;
  while (merge.next_combined()) {
    std::span<const RowRef> rows = merge.combined();
    while (!rows.empty()) {
      const std::size_t taken = std::min(rows.size(), groups.size());
      std::size_t kept = 0;
      for (const RowRef& ref : rows.first(taken)) {
        if (tools.drill.drops("reduce")) {
          merge.lose_combined();
          continue;
        }
        const Row row = format.read(ref.row);
        groups[kept++] = {row.key, row.value, hash_key(row.key)};
      }
      rows = rows.subspan(taken);
      tools.reducer.reduce_combined(std::span(groups).first(kept), tools.out, tools.context);
    }
  }
}

}  // namespace

void reduce_partition(PartitionId partition, const RunsHeld& runs, const ReceivedSlices& slices,
                      const MergeTools& merging, Reducer& reducer, Context& context, FaultDrill& drill,
                      storage::PartWriter& out, PartSummary& summary) {
  std::vector<const Slice*> sources;
  for (const auto& [id, run] : runs) {
    if (!run.slices[partition].empty()) sources.push_back(&run.slices[partition]);
  }
  for (auto at = slices.lower_bound({partition, RunId{}}); at != slices.end() && at->first.first == partition;
       ++at) {
    sources.push_back(&at->second);
  }
  SliceMerge merge(sources, merging.format, stream_share(sources.size(), merging.stream_bytes),
                   &merging.memory);
  const ReduceTools tools{reducer, context, out, drill};
  if (merge.all_combined()) {
    reduce_combined(merge, merging.format, tools);
  } else {
    reduce_merged(merge, tools);
  }
  summary.input_rows = merge.rows();
  summary.input_hash_sum = merge.hash_sum();
}

}  // namespace thresh::engine
