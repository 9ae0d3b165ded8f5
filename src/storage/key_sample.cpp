#include "storage/key_sample.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/partitioner.hpp"
#include "storage/split_reader.hpp"
#include "thresh/context.hpp"

namespace thresh::storage {
namespace {

// Some 65,536 records are enough for 64 partitions that differ by a few per cent. They are read in groups, as
// one place costs as much as some dozen records.
constexpr std::uint64_t kPlaces = 4096;
constexpr std::uint64_t kRecordsOfPlace = 16;
constexpr std::uint64_t kBytesOfPlace = 1024;  // where records are lines
constexpr std::size_t kKeysOfPlace = 64;       // a record may emit many

class KeySink final : public EmitSink {
 public:
  void take(const EmitBatch& batch) override {
    for (std::size_t i = 0; i < batch.committed() && of_place_ < kKeysOfPlace; ++i, ++of_place_) {
      keys_.emplace_back(batch.key(batch.emits()[i]));
    }
  }
  void next_place() noexcept { of_place_ = 0; }
  std::vector<std::string> take_keys() noexcept { return std::move(keys_); }

 private:
  std::vector<std::string> keys_;
  std::size_t of_place_ = 0;
};

// Pieces of the files, as if these followed each other: none empty, none in two files, none overlapping.
std::vector<Split> places(const JobPlan& plan, std::size_t record_bytes) {
  const std::uint64_t width = record_bytes > 0 ? kRecordsOfPlace * record_bytes : kBytesOfPlace;
  std::uint64_t total = 0;
  for (const InputFile& input : plan.inputs) total += input.size;
  const std::uint64_t count = std::clamp<std::uint64_t>(total / width, 1, kPlaces);
  // In steps of whole and left-over bytes, so that nothing overflows.
  const auto begin_of = [&](std::uint64_t i) { return total / count * i + total % count * i / count; };
  std::vector<Split> found;
  std::uint64_t file_begin = 0;
  std::uint64_t next = 0;
  for (std::uint32_t file = 0; file < plan.inputs.size(); ++file) {
    const std::uint64_t file_end = file_begin + plan.inputs[file].size;
    for (; next < count && begin_of(next) < file_end; ++next) {
      const std::uint64_t begin = std::max(begin_of(next), file_begin);
      const std::uint64_t end = std::min({begin + width, begin_of(next + 1), file_end});
      found.push_back({file, begin - file_begin, end - file_begin});
    }
    file_begin = file_end;
  }
  return found;
}

}  // namespace

std::vector<std::string> sample_split_points(const JobType& job, const JobPlan& plan, Progress& progress) {
  if (plan.partitions == 1) return {};
  const std::unique_ptr<Mapper> mapper = job.make_mapper();
  KeySink sink;
  EmitBatch emits(sink);
  Counters ignored;
  Context context(progress, ignored, nullptr);
  std::vector<char> buffer;
  std::optional<SplitReader> reader;
  std::optional<std::uint32_t> file;  // that it reads
  for (const Split& place : places(plan, job.record_bytes)) {
    progress.step();
    if (file == place.file) {
      reader->go_to(place);
    } else {
      reader.emplace(plan.inputs[place.file], place, buffer, job.record_bytes);
      file = place.file;
    }
    while (const auto block = reader->next()) {
      try {
        mapper->map_block(block->bytes, RecordId{}, emits, context);
      } catch (const RecordFailed&) {
        // Those before it are in the sample.
      }
    }
    emits.flush();
    sink.next_place();
  }
  return choose_split_points(sink.take_keys(), plan.partitions);
}

}  // namespace thresh::storage
