#include "engine/map_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "storage/split_reader.hpp"
#include "thresh/errors.hpp"

namespace thresh::engine {
namespace {

// Maps a split's blocks, around the records that are in quarantine and those that turn out to be bad.
class BlockMapper {
 public:
  BlockMapper(const AssignSplit& task, const MapTools& tools) : task_(&task), tools_(&tools) {}

  void map(const storage::Block& block) {
    std::string_view rest = block.bytes;
    std::uint64_t offset = block.file_offset;
    tools_->blame.block(block.bytes, block.file_offset);
    while (!rest.empty()) {
      const std::size_t size = up_to_quarantine(offset, rest.size());
      const std::size_t mapped = size == 0 ? 0 : map_records(rest.substr(0, size), offset);
      offset += mapped;
      rest.remove_prefix(mapped);
      if (mapped == size && !rest.empty()) skip_record(rest, offset);
      if (bad_.size() >= task_->most_bad) break;
    }
    tools_->blame.block({}, 0);
  }

  std::uint64_t records() const noexcept { return records_; }
  std::vector<BlamedRecord>& bad() noexcept { return bad_; }

 private:
  std::size_t up_to_quarantine(std::uint64_t offset, std::size_t size) const {
    const auto next = std::lower_bound(task_->skip.begin(), task_->skip.end(), offset);
    if (next == task_->skip.end()) return size;
    return static_cast<std::size_t>(std::min<std::uint64_t>(size, *next - offset));
  }

  // How many bytes are done: all, or up to and with a record that is bad.
  std::size_t map_records(std::string_view bytes, std::uint64_t offset) {
    try {
      records_ +=
          tools_->mapper.map_block(bytes, RecordId{task_->split, records_}, tools_->emits, tools_->context);
      return bytes.size();
    } catch (const RecordFailed& failed) {
      bad_.push_back({offset + failed.offset(), failed.what()});
      const std::string_view done = bytes.substr(0, failed.offset());
      records_ += count_records(done);
      std::string_view rest = bytes.substr(failed.offset());
      std::uint64_t ignored = 0;
      skip_record(rest, ignored);
      return bytes.size() - rest.size();
    }
  }

  std::uint64_t count_records(std::string_view bytes) const {
    if (tools_->record_bytes > 0) return bytes.size() / tools_->record_bytes;
    return static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  }

  // It keeps its number, so that the numbers of those behind it do not depend on it.
  void skip_record(std::string_view& rest, std::uint64_t& offset) {
    const std::size_t size =
        tools_->record_bytes > 0 ? tools_->record_bytes : std::min(rest.find('\n'), rest.size() - 1) + 1;
    rest.remove_prefix(size);
    offset += size;
    ++records_;
  }

  const AssignSplit* task_;
  const MapTools* tools_;
  std::uint64_t records_ = 0;
  std::vector<BlamedRecord> bad_;
};

}  // namespace

MapResult map_split(const AssignSplit& task, const MapTools& tools) {
  tools.watchdog.doing(fmt::format("mapping {}, bytes {} to {}", printable(task.input.path), task.range.begin,
                                   task.range.end));
  tools.drill.reach("map");
  storage::SplitReader reader(task.input, task.range, tools.buffer, tools.record_bytes);
  BlockMapper blocks(task, tools);
  while (const auto block = reader.next()) {
    tools.watchdog.reached(block->file_offset);
    tools.context.step();
    blocks.map(*block);
    tools.after_block();
    if (blocks.bad().size() >= task.most_bad) break;
  }
  MapResult result;
  result.bytes = reader.bytes_read();
  result.bad = std::move(blocks.bad());
  if (!result.bad.empty()) return result;
  tools.emits.flush();
  result.signature = tools.collector.take_signature();
  result.signature.split = task.split;
  result.signature.records = blocks.records();
  return result;
}

}  // namespace thresh::engine
