#include "engine/reduce_task.hpp"

#include <utility>
#include <vector>

#include "core/merge.hpp"
#include "core/piece_merge.hpp"
#include "thresh/hash.hpp"

namespace thresh::engine {
namespace {

// Of a group whose rows were combined.
class OneValue final : public ValueSource {
 public:
  explicit OneValue(std::string_view value) : value_(value) {}
  bool next(std::string_view& value) override {
    value = value_;
    return !std::exchange(taken_, true);
  }

 private:
  std::string_view value_;
  bool taken_ = false;
};

// What is done with each group.
struct GroupTools {
  Reducer& reducer;
  Context& context;
  storage::PartWriter& out;

  void reduce(std::string_view key, std::uint64_t key_hash, ValueSource& values) const {
    out.set_group(key, key_hash);
    reducer.reduce(key, values, out, context);
  }
};

void reduce_merged(SliceMerge& merge, const GroupTools& groups, FaultDrill& drill) {
  while (!merge.done()) {
    if (drill.drops("reduce")) {
      merge.lose();
      continue;
    }
    const std::uint64_t key_hash = merge.key_hash();
    GroupValues values(merge);
    groups.reduce(values.key(), key_hash, values);
    values.skip_rest();
    groups.context.step();
  }
}

// The same where each key is there once.
void reduce_combined(SliceMerge& merge, const RowFormat& format, const GroupTools& groups,
                     FaultDrill& drill) {
  while (merge.next_combined()) {
    for (const RowRef& ref : merge.combined()) {
      if (drill.drops("reduce")) {
        merge.lose_combined();
        continue;
      }
      const Row row = format.read(ref.row);
      OneValue value(row.value);
      groups.reduce(row.key, hash_key(row.key), value);
      groups.context.step();
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
  const GroupTools groups{reducer, context, out};
  if (merge.all_combined()) {
    reduce_combined(merge, merging.format, groups, drill);
  } else {
    reduce_merged(merge, groups, drill);
  }
  summary.input_rows = merge.rows();
  summary.input_hash_sum = merge.hash_sum();
}

}  // namespace thresh::engine
