#include "engine/reduce_task.hpp"

#include <vector>

#include "core/merge.hpp"
#include "core/piece_merge.hpp"
#include "thresh/hash.hpp"

namespace thresh::engine {

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
  while (!merge.done()) {
    if (drill.drops("reduce")) {
      merge.lose();
      continue;
    }
    const std::uint64_t key_hash = merge.key_hash();
    GroupValues values(merge);
    out.set_group(values.key(), key_hash);
    reducer.reduce(values.key(), values, out, context);
    values.skip_rest();
    context.step();
  }
  summary.input_rows = merge.rows();
  summary.input_hash_sum = merge.hash_sum();
}

}  // namespace thresh::engine
