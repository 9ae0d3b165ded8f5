#include "engine/reduce_task.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "core/merge.hpp"
#include "core/piece_merge.hpp"
#include "thresh/errors.hpp"
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

void reduce_group(SliceMerge& merge, const ReduceTools& tools) {
  if (tools.drill.drops("reduce")) return merge.lose();
  const std::uint64_t key_hash = merge.key_hash();
  GroupValues values(merge);
  tools.out.begin_group(values.key(), key_hash);
  tools.reducer.reduce(values.key(), values, tools.out, tools.context);
  values.skip_rest();
  tools.context.step();
}

void reduce_groups(SliceMerge& merge, const ReduceTools& tools) {
  std::array<SingleGroup, 64> groups;
  while (!merge.done()) {
    const std::span<SingleGroup> singles = std::span(groups).first(merge.take_singles(groups));
    if (singles.empty()) {
      reduce_group(merge, tools);
      continue;
    }
    const auto dropped = std::remove_if(singles.begin(), singles.end(), [&](const SingleGroup& group) {
      const bool drops = tools.drill.drops("reduce");
      if (drops) merge.lose(group);
      return drops;
    });
    tools.reducer.reduce_singles({singles.begin(), dropped}, tools.out, tools.context);
  }
}

}  // namespace

std::vector<Slice*> slices_of(PartitionId partition, RunsHeld& runs, ReceivedSlices& slices) {
  std::vector<Slice*> found;
  for (auto& [id, run] : runs) {
    if (!run.slices[partition].empty()) found.push_back(&run.slices[partition]);
  }
  for (auto at = slices.lower_bound({partition, RunId{}}); at != slices.end() && at->first.first == partition;
       ++at) {
    found.push_back(&at->second);
  }
  return found;
}

std::uint64_t loose_rows(const std::vector<Slice*>& slices, const RowFormat& format) {
  std::uint64_t rows = 0;
  for (const Slice* slice : slices) {
    if (slice->loose() && !slice->staged()) rows += slice->about_rows(format);
  }
  return rows;
}

void reduce_partition(const std::vector<Slice*>& slices, const MergeTools& merging, Reducer& reducer,
                      Context& context, FaultDrill& drill, storage::PartWriter& out, PartSummary& summary) {
  // Each stretch that is in order has a buffer of its own.
  std::size_t streams = 0;
  for (const Slice* slice : slices) streams += std::max<std::size_t>(1, slice->sorted_to().size());
  const std::vector<const Slice*> sources(slices.begin(), slices.end());
  std::optional<SliceMerge> merge;
  const auto begin = [&] {
    merge.emplace(sources, merging.format, stream_share(streams, merging.stream_bytes), &merging.memory);
  };
  const auto tell_sums = [&] {
    summary.input_rows = merge->rows();
    summary.input_hash_sum = merge->hash_sum();
  };
  begin();
  try {
    reduce_groups(*merge, {reducer, context, out, drill});
  } catch (const Error& error) {
    if (error.code() != ExitCode::BadData) throw;
    // A row that was damaged on its way may be what the job cannot take: the sums of all rows tell.
    merge.reset();
    begin();
    while (!merge->done()) {
      GroupValues values(*merge);
      values.skip_rest();
      context.step();
    }
    tell_sums();
    throw;
  }
  tell_sums();
}

}  // namespace thresh::engine
