#include "engine/map_task.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "storage/split_reader.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {

MapResult map_split(const AssignSplit& task, const MapTools& tools) {
  tools.watchdog.doing(fmt::format("mapping {}, bytes {} to {}", printable(task.input.path), task.range.begin,
                                   task.range.end));
  tools.drill.reach("map");
  storage::SplitReader reader(task.input, task.range, tools.buffer);
  std::uint64_t records = 0;
  while (const auto block = reader.next()) {
    tools.watchdog.reached(block->file_offset);
    tools.context.step();
    try {
      records +=
          tools.mapper.map_block(block->bytes, RecordId{task.split, records}, tools.emits, tools.context);
    } catch (const RecordFailed& failed) {
      throw Error(ExitCode::BadData, fmt::format("{}, byte {}: {}", printable(task.input.path),
                                                 block->file_offset + failed.offset(), failed.what()));
    }
  }
  tools.emits.flush();
  MapResult result{tools.collector.take_signature(), reader.bytes_read()};
  result.signature.split = task.split;
  result.signature.records = records;
  return result;
}

}  // namespace thresh::engine
