// Jobs that read records of fixed size, write raw output, and take --key.
#include "support/catch.hpp"
#include "thresh/job.hpp"

namespace {

using namespace thresh;

class Emits final : public EmitSink {
 public:
  void take(const EmitBatch& batch) override {
    for (std::size_t i = 0; i < batch.committed(); ++i) {
      const auto& emit = batch.emits()[i];
      text.append(batch.key(emit)).append("=").append(batch.value(emit)).append(" ");
    }
  }
  std::string text;
};

class Records final : public ResultSink {
 public:
  void key(std::string_view) override { text += "key!"; }
  void append(std::string_view) override { text += "append!"; }
  void end_line(std::string_view, std::uint64_t) override { text += "end!"; }
  void record(std::string_view head, std::string_view tail) override {
    text.append(head).append(tail);
    ++records;
  }
  std::string text;
  int records = 0;
};

class Source final : public ValueSource {
 public:
  explicit Source(std::vector<std::string> values) : values_(std::move(values)) {}
  bool next(std::string_view& value) override {
    if (taken_ == values_.size()) return false;
    value = values_[taken_++];
    return true;
  }

 private:
  std::vector<std::string> values_;
  std::size_t taken_ = 0;
};

struct ByKey {
  using Key = std::string;
  using Value = std::string;
  static constexpr JobInfo info{"pairs", "1", "", ""};
  static constexpr bool raw_output = true;
  void map(const Line& line, auto& emit) const { emit(key.of(line.text), line.text); }
  void reduce(std::string_view, Values<Value>& lines, auto& out) const {
    for (const std::string_view line : lines) out.record(line, "\n");
  }
  KeyColumns key;
};

struct Pairs {
  using Key = FixedBytes<1>;
  using Value = FixedBytes<2>;
  static constexpr JobInfo info{"pairs", "1", "", ""};
  static constexpr std::size_t record_bytes = 3;
  static constexpr bool total_order = true;
  static constexpr bool raw_output = true;
  static ByKey with_key(KeyColumns key) { return {key}; }
  void map(const Record& record, auto& emit) const {
    if (record.bytes == "bad") throw BadRecord("no good");
    emit.count("ids", record.id.record);
    emit(Key(record.bytes.data()), Value(record.bytes.data() + 1));
  }
  void reduce(const Key& key, Values<Value>& values, auto& out) const {
    for (const Value& value : values) out.record(key.view(), value.view());
  }
};

struct Mapping {
  Progress progress;
  Counters counters;
  Context context{progress, counters, nullptr};
  Emits emits;
  EmitBatch batch{emits};
};

}  // namespace

TEST_CASE("a block of fixed records is cut at multiples of their size, newlines or not") {
  Mapping m;
  const auto mapper = make_job_type<Pairs>().make_mapper();
  const std::string_view block = "a\n1b\n\nc\r\n";
  CHECK(mapper->map_block(block, {4, 10}, m.batch, m.context) == 3);
  m.batch.flush();
  CHECK(m.emits.text == "a=\n1 b=\n\n c=\r\n ");
  CHECK(m.counters["ids"] == 33);
  CHECK(m.progress.record() == block.data() + 6);
}

TEST_CASE("a fixed record that throws is named by its offset") {
  Mapping m;
  const auto mapper = make_job_type<Pairs>().make_mapper();
  try {
    mapper->map_block("a11badb22", {}, m.batch, m.context);
    FAIL("it threw nothing");
  } catch (const RecordFailed& failed) {
    CHECK(failed.offset() == 3);
    CHECK(std::string(failed.what()) == "no good");
  }
  m.batch.flush();
  CHECK(m.emits.text == "a=11 ");
}

TEST_CASE("raw output is the bytes that the job gave") {
  Mapping m;
  Records out;
  Source source({"\n\t", "22"});
  make_job_type<Pairs>().make_reducer()->reduce("k", source, out, m.context);
  CHECK(out.text == "k\n\tk22");
  CHECK(out.records == 2);
}

TEST_CASE("a job type says what its records and parts are") {
  const JobType type = make_job_type<Pairs>();
  CHECK(type.record_bytes == 3);
  CHECK(type.total_order);
  CHECK(type.value_size == 2);
  CHECK(type.part_extension == "bin");
  const JobType keyed = type.with_key({2, 3});
  CHECK(keyed.name == "pairs");
  CHECK(keyed.record_bytes == 0);
  CHECK_FALSE(keyed.total_order);
  CHECK(keyed.part_extension == "txt");
  CHECK_FALSE(keyed.with_key);
  Mapping m;
  keyed.make_mapper()->map_block("abcd\nx\n\n", {}, m.batch, m.context);
  m.batch.flush();
  CHECK(m.emits.text == "bc=abcd =x = ");
}

TEST_CASE("key columns end where the record ends") {
  CHECK(KeyColumns{}.of("abc") == "abc");
  CHECK(KeyColumns{1, 2}.of("abc") == "ab");
  CHECK(KeyColumns{3, 3}.of("abc") == "c");
  CHECK(KeyColumns{3, 9}.of("abc") == "c");
  CHECK(KeyColumns{4, 9}.of("abc").empty());
  CHECK(KeyColumns{9, UINT32_MAX}.of("abc").empty());
}
