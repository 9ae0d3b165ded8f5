// Maps one split into the open table.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/collector.hpp"
#include "core/messages.hpp"
#include "engine/blame.hpp"
#include "engine/fault_drill.hpp"
#include "engine/watchdog.hpp"
#include "thresh/context.hpp"
#include "thresh/job_type.hpp"

namespace thresh::engine {

// What a map task works with; all borrowed.
struct MapTools {
  Mapper& mapper;
  EmitBatch& emits;  // it ends in the collector
  Collector& collector;
  Context& context;
  Watchdog& watchdog;
  FaultDrill& drill;
  Blame& blame;
  std::vector<char>& buffer;          // for the reader; recycled between splits
  std::size_t record_bytes;           // of each record; 0: records are lines
  std::function<void()> after_block;  // the table may have outgrown memory
};

struct MapResult {
  SplitSignature signature;
  std::uint64_t bytes = 0;  // read
  std::vector<BlamedRecord> bad;
};

// Records of `task.skip` are left out. With `bad` records, or when it throws (Error naming file and byte
// offset, when the split cannot be read), a part of the split is in the collector: the caller has to give the
// open table up. Mapping goes on behind a bad record until `task.most_bad` are known.
MapResult map_split(const AssignSplit& task, const MapTools& tools);

}  // namespace thresh::engine
