// Streams of slices, cut where the rounds of a shuffle happen to cut them; and rows.
#include "core/merge.hpp"
#include "core/slice_stream.hpp"
#include "fuzz/fuzz.hpp"

using namespace std::literals;
using namespace thresh;
using namespace thresh::test;

namespace {

constexpr std::uint32_t kPartitions = 4;

void write_checksum(std::string& bytes, std::size_t begin, std::size_t size) {
  const std::uint64_t checksum = hash_bytes(std::string_view(bytes).substr(begin, size));
  std::memcpy(bytes.data() + begin + size, &checksum, sizeof checksum);
}

// Makes the checksums of headers and ranges good, or what lies behind them would never be reached.
void mend_checksums(std::string& stream) {
  constexpr std::size_t kChecksum = sizeof(std::uint64_t);
  for (std::size_t at = 0; stream.size() - at >= SliceSize::kHeaderBytes;) {
    write_checksum(stream, at, SliceSize::kHeaderBytes - kChecksum);
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, stream.data() + at + 16, sizeof bytes);
    const bool staged = (stream[at + 15] & 0x80) != 0;
    at += SliceSize::kHeaderBytes;
    if (stream.size() - at < bytes) return;
    if (staged && bytes >= sizeof(StagedRanges)) write_checksum(stream, at, sizeof(StagedRanges) - kChecksum);
    at += bytes;
  }
}

// Combines them by keeping the first value.
void combine(const Slice& slice, const SliceSize& size, const RowFormat& format) {
  static ChunkPool pool;
  JobType job;
  job.value_size = format.value_size();
  job.combine_fixed = [](char* const*, const char* const*, std::size_t) {};
  MergeMemory memory;
  memory.combiner.emplace(job, pool);
  takes(ExitCode::Internal, "", [&] {
    SliceMerge merge({&slice}, format, SliceCursor::kStreamBytes, &memory);
    std::string before;
    for (bool first = true; !merge.done(); merge.advance(), first = false) {
      must(first || before < merge.row().key, "combined keys are in order");
      before = merge.row().key;
    }
    must(merge.rows() == size.rows && merge.hash_sum() == size.hash_sum, "no row is lost");
  });
}

// The sizes of what arrived; none if it was refused.
std::map<SliceKey, SliceSize> receive(std::string_view stream, std::size_t piece, const RowFormat& format) {
  static ChunkPool pool;  // to make one for each input would take most of the time
  ReceivedSlices received;
  std::map<SliceKey, SliceSize> sizes;
  const bool taken = takes(ExitCode::Internal, "", [&] {
    SliceReceiver receiver(pool, format, kPartitions, false);
    for (std::size_t at = 0; at < stream.size(); at += piece)
      receiver.take(stream.substr(at, piece), received);
  });
  if (!taken) return sizes;
  for (const auto& [key, slice] : received) {
    must(key.first < kPartitions, "a slice is of a partition that there is");
    const SliceSize size = sizes[key] = slice.measure(format);
    std::uint64_t rows = 0;
    SliceCursor cursor(slice, format);
    for (Row row; cursor.next(row);) rows += 1;
    must(rows == size.rows, "rows are counted as they are read");
    if (slice.staged()) combine(slice, size, format);
  }
  return sizes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  static const std::string usual = "\1\0\0\0\0\0\0\0"s;
  const auto value_size = input.ConsumeIntegralInRange<std::size_t>(0, 9);
  const RowFormat format(value_size, std::string_view(usual).substr(0, value_size == 8 ? 8 : 0));
  const auto piece = input.ConsumeIntegralInRange<std::size_t>(1, 64);
  const bool mend = input.ConsumeBool();
  std::string stream = input.ConsumeRemainingBytesAsString();
  if (mend) mend_checksums(stream);
  must(format.checked_size(stream) <= stream.size(), "a row is within its bytes");
  must(receive(stream, piece, format) == receive(stream, stream.size() + 1, format),
       "cuts make no difference");
  return 0;
}
