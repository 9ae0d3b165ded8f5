// Streams of slices, cut where the rounds of a shuffle happen to cut them; and rows.
#include "core/slice_stream.hpp"
#include "fuzz/fuzz.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

constexpr std::uint32_t kPartitions = 4;

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
  }
  return sizes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const RowFormat format(input.ConsumeIntegralInRange<std::size_t>(0, 9));
  const auto piece = input.ConsumeIntegralInRange<std::size_t>(1, 64);
  const std::string stream = input.ConsumeRemainingBytesAsString();
  must(format.checked_size(stream) <= stream.size(), "a row is within its bytes");
  must(receive(stream, piece, format) == receive(stream, stream.size() + 1, format),
       "cuts make no difference");
  return 0;
}
