#include "engine/seal_task.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::engine {
namespace {

void check_sum(std::string_view what, std::uint64_t emitted, std::uint64_t sealed) {
  if (emitted == sealed) return;
  throw Error(ExitCode::Internal,
              fmt::format("the ledger does not balance: {}: {} went into a run, {} are in it; the run is not "
                          "used, and nothing was published",
                          what, emitted, sealed));
}

// The rows of the table and of its pieces.
MeasuredSlices seal_all(Collector& table, std::vector<MeasuredSlices> pieces, bool to_shuffle,
                        const SealTools& tools) {
  const RowFormat format = row_format(tools.job);
  if (to_shuffle && tools.may_hand_over && pieces.empty()) {
    if (auto staged = table.hand_over(tools.receivers)) {
      if (!tools.drill.drops("seal")) return std::move(*staged);
      lose_a_row(staged->slices, tools.pool, format);
      return measured(std::move(staged->slices), tools.job, &tools.pulse);
    }
  }
  std::vector<Slice> slices = table.seal(tools.overflow);
  if (tools.drill.drops("seal")) lose_a_row(slices, tools.pool, format);
  MeasuredSlices sealed = measured(std::move(slices), tools.job, &tools.pulse);
  if (pieces.empty()) return sealed;
  pieces.push_back(std::move(sealed));
  return merge_pieces(std::move(pieces), tools.job, tools.pool, tools.overflow, tools.stream_bytes,
                      &tools.pulse);
}

}  // namespace

Run seal_run(const schedule::SealTable& command, Collector& table, std::vector<MeasuredSlices> pieces,
             const SealTools& tools) {
  Run run;
  run.summary.id = command.id;
  run.summary.splits = command.splits;
  MeasuredSlices sealed = seal_all(table, std::move(pieces), command.to_shuffle, tools);
  run.slices = std::move(sealed.slices);
  run.summary.slices = std::move(sealed.sizes);
  std::uint64_t rows = 0;
  for (const SliceSize& slice : run.summary.slices) rows += slice.rows;
  std::uint64_t emits = 0;
  std::uint64_t emitted_weight = 0;
  for (const SplitSignature& split : command.splits) {
    emits += split.emits;
    emitted_weight += split.weight;
  }
  if (!tools.job.combines()) check_sum("emits and rows", emits, rows);
  if (tools.job.weight != nullptr) check_sum("weight of emits and rows", emitted_weight, sealed.weight);
  return run;
}

}  // namespace thresh::engine
