#include "core/slice_stream.hpp"

#include "support/property.hpp"

#include "rows.hpp"
#include "support/catch.hpp"
#include "thresh/errors.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

constexpr std::uint32_t kPartitions = 3;

Run make_run(ChunkPool& pool, const JobType& job, RunId id, const Pairs& pairs) {
  const auto collector = make_collector(job, pool, Partitioner(kPartitions));
  emit_all(*collector, pairs);
  Run run;
  run.summary.id = id;
  run.slices = collector->seal();
  for (const Slice& slice : run.slices)
    run.summary.slices.push_back(slice.measure(RowFormat(job.value_size)));
  return run;
}

std::string whole_stream(const Run& run, std::size_t piece) {
  SliceSender sender;
  for (PartitionId p = 0; p < kPartitions; ++p) sender.add(run, p);
  std::string stream;
  std::vector<char> buffer(piece);
  while (sender.bytes_left() > 0) stream.append(buffer.data(), sender.fill(buffer.data(), piece));
  REQUIRE(sender.fill(buffer.data(), piece) == 0);
  return stream;
}

// A stream that is read where it lies.
class Pieces final : public ByteSource {
 public:
  explicit Pieces(const StreamPieces& stream) : pieces_(stream.pieces) {}
  std::uint64_t left() const noexcept override {
    std::uint64_t bytes = 0;
    for (const std::string_view piece : pieces_) bytes += piece.size();
    return bytes;
  }
  std::size_t whole_rows() const noexcept override { return pieces_.front().size(); }
  void read(char* to, std::size_t size) override {
    while (size > 0) {
      const std::size_t part = pieces_.front().copy(to, size);
      pieces_.front().remove_prefix(part);
      if (pieces_.front().empty()) pieces_.erase(pieces_.begin());
      to += part;
      size -= part;
    }
  }

 private:
  std::vector<std::string_view> pieces_;
};

}  // namespace

TEST_CASE("slices that are read where they lie are those that would travel") {
  holds([](const std::vector<std::pair<std::string, std::string>>& emits) {
    const auto most = *rc::gen::inRange<std::uint64_t>(1, 200);
    const RowFormat format(0);
    ChunkPool pool;
    Pairs pairs(emits.begin(), emits.end());
    pairs.insert(pairs.end(), *rc::gen::inRange<std::size_t>(0, 5), {"large", std::string(50'000, 'v')});
    const Run run = make_run(pool, plain_job(), {1, 2, 3}, pairs);
    SliceSender sender;
    for (PartitionId p = 0; p < kPartitions; ++p) sender.add(run, p);
    RC_ASSERT(sender.in_memory());
    const StreamPieces stream = sender.pieces();
    std::string together;
    for (const std::string_view piece : stream.pieces) together += piece;
    RC_ASSERT(together == whole_stream(run, 64));

    SliceReceiver receiver(pool, format, kPartitions, true);
    ReceivedSlices received;
    Pieces source(stream);
    while (source.left() > 0) receiver.take(source, most, received);
    RC_ASSERT(receiver.at_boundary());
    for (PartitionId p = 0; p < kPartitions; ++p) {
      const auto at = received.find({p, run.summary.id});
      RC_ASSERT((at == received.end()) == run.slices[p].empty());
      if (at == received.end()) continue;
      RC_ASSERT(rows_of(at->second, format) == rows_of(run.slices[p], format));
      for (const Chunk& chunk : at->second.chunks()) RC_ASSERT(chunk.used() <= chunk.capacity());
    }
  });
}

TEST_CASE("slices arrive as they were sent, wherever the rounds cut the stream") {
  holds([](const std::vector<std::pair<std::string, std::string>>& emits) {
    const auto send_piece = *rc::gen::inRange<std::size_t>(1, 200);
    const auto take_piece = *rc::gen::inRange<std::size_t>(1, 200);
    const JobType job = plain_job();
    const RowFormat format(0);
    ChunkPool pool;
    const Run run = make_run(pool, job, {1, 2, 3}, Pairs(emits.begin(), emits.end()));
    const std::string stream = whole_stream(run, send_piece);
    SliceReceiver receiver(pool, format, kPartitions, true);
    ReceivedSlices received;
    for (std::size_t at = 0; at < stream.size(); at += take_piece) {
      receiver.take(std::string_view(stream).substr(at, take_piece), received);
    }
    RC_ASSERT(receiver.at_boundary());
    for (PartitionId p = 0; p < kPartitions; ++p) {
      const auto at = received.find({p, run.summary.id});
      RC_ASSERT((at == received.end()) == run.slices[p].empty());
      if (at == received.end()) continue;
      RC_ASSERT(rows_of(at->second, format) == rows_of(run.slices[p], format));
      RC_ASSERT(at->second.measure(format) == run.summary.slices[p]);
    }
  });
}

TEST_CASE("a slice whose rows are larger than a chunk travels") {
  const JobType job = plain_job();
  const RowFormat format(0);
  ChunkPool pool;
  const Run run = make_run(pool, job, {1, 1, 0}, {{"k", std::string(200'000, 'v')}, {"k", "w"}});
  const std::string stream = whole_stream(run, 4096);
  SliceReceiver receiver(pool, format, kPartitions, true);
  ReceivedSlices received;
  receiver.take(stream, received);
  REQUIRE(received.size() == 1);
  REQUIRE(received.begin()->second.measure(format).rows == 2);
}

TEST_CASE("a row much larger than a chunk travels in pieces, and takes no more memory than it needs") {
  const JobType job = plain_job();
  const RowFormat format(0);
  ChunkPool pool;
  const Run run = make_run(pool, job, {1, 1, 0}, {{"k", std::string(5'000'000, 'v')}});
  const std::string stream = whole_stream(run, 100'000);
  ChunkPool other;
  SliceReceiver receiver(other, format, kPartitions, true);
  ReceivedSlices received;
  for (std::size_t at = 0; at < stream.size(); at += 70'001) {
    receiver.take(std::string_view(stream).substr(at, 70'001), received);
  }
  REQUIRE(receiver.at_boundary());
  REQUIRE(rows_of(received.begin()->second, format) == Pairs{{"k", std::string(5'000'000, 'v')}});
  REQUIRE(other.bytes_in_use() == format.row_size(1, 5'000'000));
}

TEST_CASE("sizes are not trusted before their bytes are there") {
  std::string stream(SliceSize::kHeaderBytes, '\0');
  stream[22] = 1;  // bytes: 2^48
  const std::uint64_t checksum = hash_bytes(std::string_view(stream).substr(0, 24));
  std::memcpy(stream.data() + 24, &checksum, sizeof checksum);
  stream += std::string("\xff\xff\xff\x7f\1\0\0\0", 8) + std::string(70'000, 'x');  // a value of 2 GiB
  ChunkPool pool;
  SliceReceiver receiver(pool, RowFormat(0), kPartitions, true);
  ReceivedSlices received;
  receiver.take(stream, received);
  REQUIRE_FALSE(receiver.at_boundary());
  REQUIRE(pool.bytes_in_use() <= 4 * ChunkPool::kChunkBytes);
}

TEST_CASE("a damaged stream is refused or changes the ledger, and never crashes") {
  const JobType job = plain_job();
  const RowFormat format(0);
  ChunkPool pool;
  const Run run =
      make_run(pool, job, {1, 1, 0}, {{"apple", "1"}, {"pear", "22"}, {"fig", "333"}, {"plum", ""}});
  const std::string stream = whole_stream(run, 64);
  std::vector<SliceSize> truth = run.summary.slices;
  for (std::size_t byte = 0; byte < stream.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = stream;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << bit));
      SliceReceiver receiver(pool, format, kPartitions, true);
      ReceivedSlices received;
      bool refused = false;
      try {
        receiver.take(damaged, received);
        refused = !receiver.at_boundary();
      } catch (const Error&) {
        refused = true;
      }
      if (refused) continue;
      // Not seen by the stream: then it is in a row, and the sums differ.
      bool differs = false;
      for (const auto& [key, slice] : received) {
        REQUIRE(key.second == run.summary.id);
        differs = differs || slice.measure(format) != truth[key.first];
      }
      REQUIRE(differs);
    }
  }
}

TEST_CASE("chunks go back to their pool and are used again") {
  ChunkPool pool;
  {
    const Chunk small = pool.take();
    const Chunk large = pool.take(1 << 20);
    REQUIRE(pool.bytes_in_use() == ChunkPool::kChunkBytes + (1 << 20));
  }
  REQUIRE(pool.bytes_in_use() == 0);
  const Chunk again = pool.take();
  REQUIRE(again.used() == 0);
}
