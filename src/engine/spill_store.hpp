// A worker's scratch file, as the rest of the engine sees it: measured, and with a step for drills.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/slice_store.hpp"
#include "engine/fault_drill.hpp"
#include "storage/scratch_file.hpp"

namespace thresh::engine {

class SpillStore final : public SliceStore {
 public:
  // Borrows drill and statistics.
  SpillStore(std::string directory, FaultDrill& drill, WorkerStats& stats)
      : scratch_(std::move(directory)), drill_(&drill), stats_(&stats) {}

  storage::ScratchFile& scratch() noexcept { return scratch_; }

  std::uint64_t append(const std::vector<std::string_view>& pieces) override;
  void read(std::uint64_t offset, char* to, std::size_t size) const override {
    scratch_.read(offset, to, size);
  }
  void release(std::uint64_t offset, std::uint64_t size) noexcept override { scratch_.release(offset, size); }

 private:
  storage::ScratchFile scratch_;
  FaultDrill* drill_;
  WorkerStats* stats_;
};

}  // namespace thresh::engine
