#include "thresh/job.hpp"
#include "thresh/hash.hpp"

#include <array>
#include <boost/serialization/set.hpp>
#include <boost/serialization/string.hpp>
#include <random>
#include <set>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/errors.hpp"

namespace {

using thresh::Context;
using thresh::Counters;
using thresh::EmitBatch;
using thresh::JobType;
using thresh::RecordFailed;
using thresh::RecordId;
using thresh::test::contains;
using thresh::test::error_of;

// What the engine throws when it gives up, from within a call that user code made.
struct EngineStops : std::runtime_error {
  EngineStops() : std::runtime_error("engine stops") {}
};

class Emits final : public thresh::EmitSink {
 public:
  void take(const EmitBatch& batch) override {
    for (std::size_t i = 0; i < batch.committed(); ++i) {
      all.emplace_back(batch.key(batch.emits()[i]), batch.value(batch.emits()[i]));
    }
  }
  std::vector<std::pair<std::string, std::string>> all;
};

class StoppingProgress final : public thresh::Progress {
 public:
  bool stops = false;

 protected:
  void poll() override {
    if (stops) throw EngineStops();
  }
};

class Lines final : public thresh::ResultSink {
 public:
  void key(std::string_view key_text) override {
    if (refuses) throw EngineStops();
    text += key_text;
    empty = true;
  }
  void append(std::string_view value) override {
    if (empty) text += '|';
    empty = false;
    text += value;
  }
  void end_line(std::string_view rank, std::uint64_t weight) override {
    text += '\n';
    ranks.emplace_back(rank);
    weights.push_back(weight);
  }
  void record(std::string_view head, std::string_view tail) override {
    if (refuses) throw EngineStops();
    text.append(head).append(tail);
  }
  std::string text;
  std::vector<std::string> ranks;
  std::vector<std::uint64_t> weights;
  bool refuses = false;

 private:
  bool empty = false;
};

class Source final : public thresh::ValueSource {
 public:
  explicit Source(std::vector<std::string> values) : values_(std::move(values)) {}
  bool next(std::string_view& value) override {
    if (stops) throw EngineStops();
    if (taken == values_.size()) return false;
    value = values_[taken++];
    return true;
  }
  std::size_t taken = 0;
  bool stops = false;

 private:
  std::vector<std::string> values_;
};

template <class T>
std::string encoded(const T& value) {
  std::string bytes;
  thresh::encode(value, bytes);
  return bytes;
}

// Does as its records say.
struct Obedient {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"obedient", "7", "summary", "details"};

  void map(const thresh::Line& line, auto& emit) const {
    emit(line.text, line.id.record);
    emit.count("records");
    emit.count("bytes", line.text.size());
    if (line.text == "bad") throw thresh::BadRecord("no good");
    if (line.text == "exception") throw std::out_of_range("too far");
    if (line.text == "number") throw 42;
    if (line.text == "alive") emit.alive();
  }
  static Value combine(Value a, Value b) { return a + b; }
  static std::uint64_t weight(const Value& value) { return 3 * value; }
  void reduce(const std::string& key, thresh::Values<Value>& values, auto& out) const {
    if (key == "bad") throw thresh::BadRecord("no good");
    if (key == "exception") throw std::out_of_range("too far");
    if (key == "number") throw 42;
    if (key == "error") throw thresh::Error(thresh::ExitCode::Config, "as it is");
    if (key == "first") {
      out(key, *values.begin());
      return;
    }
    Value total = 0;
    for (const Value value : values) total += value;
    out(key, total);
  }
};

struct AsksFirst {
  using Key = std::string;
  using Value = int;
  static constexpr thresh::JobInfo info{"asks", "1", "", ""};
  void map(const thresh::Line&, thresh::Emitter<Key, Value>& emit) const {
    current()->ask();
    emit.alive();
  }
  void reduce(std::string_view, thresh::Values<int>&, thresh::Output<AsksFirst>&) const {}
  static thresh::Progress*& current() {
    static thresh::Progress* at = nullptr;
    return at;
  }
};

// Sees how its records show as progress.
struct Marks {
  using Key = std::string;
  using Value = int;
  static constexpr thresh::JobInfo info{"marks", "1", "", ""};
  void map(const thresh::Line&, auto&) const { seen().push_back(progress()->mark()); }
  void reduce(std::string_view, thresh::Values<int>&, auto&) const {}
  static const thresh::Progress*& progress() {
    static const thresh::Progress* at = nullptr;
    return at;
  }
  static std::vector<thresh::Progress::Mark>& seen() {
    static std::vector<thresh::Progress::Mark> marks;
    return marks;
  }
};

struct Names {
  using Key = std::string;
  using Value = int;
  static constexpr thresh::JobInfo info{"names", "1", "", ""};
  void map(const thresh::Line& line, auto& emit) const {
    emit.count(line.text);
    emit.count("all");
    emit.count(line.text);
  }
  void reduce(std::string_view, thresh::Values<int>&, auto&) const {}
};

struct Mapping {
  JobType type = thresh::make_job_type<Obedient>();
  StoppingProgress progress;
  Counters counters;
  Context context{progress, counters, nullptr};
  Emits emits;
  EmitBatch batch{emits};

  std::uint64_t map(std::string_view block, RecordId first = {}) {
    const auto records = type.make_mapper()->map_block(block, first, batch, context);
    batch.flush();
    return records;
  }
  std::vector<std::string> keys() {
    batch.flush();
    std::vector<std::string> all;
    for (const auto& [key, value] : emits.all) all.push_back(key);
    return all;
  }
};

// A struct that says itself how it looks, and one that does not.
struct Date {
  int year = 0;
  int month = 0;
  auto key_fields() const { return std::tie(year, month); }
  static Date from_key_fields(int year, int month) { return {year, month}; }
};
[[maybe_unused]] void to_text(std::string& out, const Date& date) {
  out += std::to_string(date.year) + "-" + std::to_string(date.month);
}
struct Place {
  int x = 0;
  int y = 0;
  auto key_fields() const { return std::tie(x, y); }
  static Place from_key_fields(int x, int y) { return {x, y}; }
};
template <class K>
struct Keyed {
  using Key = K;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"keyed", "1", "", ""};
  void map(const thresh::Line&, auto&) const {}
  void reduce(const Key& key, thresh::Values<Value>& values, auto& out) const { out(key, *values.begin()); }
};

struct Reducing {
  StoppingProgress progress;
  Counters counters;
  Context context{progress, counters, nullptr};
  Lines lines;

  template <class Job>
  void reduce(const std::string& key, Source& source) {
    thresh::make_job_type<Job>().make_reducer()->reduce(key, source, lines, context);
  }
  template <class Job>
  void reduce(const std::string& key, std::vector<std::string> values) {
    Source source(std::move(values));
    reduce<Job>(key, source);
  }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a key of several fields is written with a TAB between them, however they are nested") {
  Reducing reducing;
  const std::string one = encoded(std::uint64_t{1});
  const auto line = [&]<class K>(const K& key) {
    reducing.lines.text.clear();
    reducing.reduce<Keyed<K>>(encoded(key), {one});
    return reducing.lines.text;
  };
  CHECK(line(std::pair(std::string("a"), 2)) == "a|2\t1\n");
  CHECK(line(std::pair(std::pair(std::string("a"), 2), 3)) == "a|2\t3\t1\n");
  CHECK(line(std::tuple(std::tuple(std::tuple(std::string("a")), 2), std::pair(3, 4))) == "a|2\t3\t4\t1\n");
  CHECK(line(Place{5, 6}) == "5|6\t1\n");
  CHECK(line(std::pair(Place{5, 6}, 7)) == "5|6\t7\t1\n");
  CHECK(line(Date{2020, 3}) == "2020-3|1\n");
  CHECK(line(std::pair(Date{2020, 3}, Date{2021, 4})) == "2020-3|2021-4\t1\n");
}

TEST_CASE("a job type says what the job says") {
  const JobType type = thresh::make_job_type<Obedient>();
  CHECK(type.name == "obedient");
  CHECK(type.version == "7");
  CHECK(type.summary == "summary");
  CHECK(type.details == "details");
  CHECK(type.value_size == 8);
  CHECK(type.combines());
  CHECK_FALSE(type.uses_locations);
  CHECK(type.weight(encoded(std::uint64_t{5})) == 15);
  std::string first = encoded(std::uint64_t{2});
  std::string second = encoded(std::uint64_t{5});
  const std::string forty = encoded(std::uint64_t{40});
  const std::array<char*, 3> into{first.data(), second.data(), first.data()};
  const std::array<const char*, 3> from{forty.data(), forty.data(), second.data()};
  type.combine_fixed(into.data(), from.data(), 3);
  CHECK(first == encoded(std::uint64_t{87}));
  CHECK(second == encoded(std::uint64_t{45}));
  Emits sink;
  thresh::EmitBatch batch(sink);
  batch.add("a", forty);
  batch.add("b", second);
  batch.commit();
  CHECK(type.sum_weights(batch) == thresh::weigh(thresh::hash_key("a"), type.weight(forty)) +
                                       thresh::weigh(thresh::hash_key("b"), type.weight(second)));
}

TEST_CASE("a batch hands over what was committed, in order, whatever was dropped and however large") {
  struct Taken : thresh::EmitSink {
    void take(const EmitBatch& batch) override {
      for (const EmitBatch::Emit& emit : batch.emits()) {
        REQUIRE(emit.hash == thresh::hash_key(EmitBatch::key(emit)));
        all.emplace_back(EmitBatch::key(emit), EmitBatch::value(emit));
      }
      largest = std::max(largest, batch.committed());
    }
    std::vector<std::pair<std::string, std::string>> all;
    std::size_t largest = 0;
  } sink;
  EmitBatch batch(sink);
  std::mt19937 random(5);
  std::vector<std::pair<std::string, std::string>> committed;
  for (int record = 0; record < 3000; ++record) {
    const std::size_t before = committed.size();
    // Now and then one that has more emits, or larger ones, than a batch has room for.
    const std::size_t emits = record % 500 == 499 ? 5000 : random() % 5;
    for (std::size_t i = 0; i < emits; ++i) {
      const std::size_t most = record % 300 == 299 && emits < 5 ? 100'000 : 40;
      committed.emplace_back(std::string(random() % most, static_cast<char>(random())),
                             std::string(random() % 20, static_cast<char>(random())));
      batch.add(committed.back().first, committed.back().second);
    }
    if (random() % 3 == 0 || record == 1499) {
      batch.rollback();
      committed.resize(before);
    } else {
      batch.commit();
    }
    // What waits is less than a batch, also behind a large record that was dropped.
    REQUIRE(committed.size() - sink.all.size() <= 64 * 40 / EmitBatch::kKeyRoom + 5);
  }
  batch.flush();
  CHECK(sink.all == committed);
  CHECK(sink.largest >= 5000);
}

TEST_CASE("a block is cut into lines without their LF or CRLF") {
  Mapping m;
  CHECK(m.map("") == 0);
  CHECK(m.map("\n") == 1);
  CHECK(m.map("a\nb\r\n\r\nc\rd\n\r\r\ne\r") == 6);
  CHECK(m.keys() == Strings{"", "a", "b", "", "c\rd", "\r", "e\r"});
  CHECK(m.counters["records"] == 7);
}

TEST_CASE("records are numbered from the first of the block") {
  Mapping m;
  CHECK(m.map("a\nb\nc", {7, 10}) == 3);
  CHECK(m.emits.all[0].second == encoded(std::uint64_t{10}));
  CHECK(m.emits.all[2].second == encoded(std::uint64_t{12}));
}

TEST_CASE("each record is progress") {
  Mapping m;
  Marks::progress() = &m.progress;
  m.type = thresh::make_job_type<Marks>();
  const std::string block = "a\nb\nc\n";
  m.map(block);
  CHECK(Marks::seen() ==
        std::vector<thresh::Progress::Mark>{{0, block.data()}, {0, block.data() + 2}, {0, block.data() + 4}});
}

TEST_CASE("a record that throws leaves nothing behind and is named") {
  for (const auto& [record, what] : std::vector<std::pair<std::string, std::string>>{
           {"bad", "no good"},
           {"exception", "map threw an exception: too far"},
           {"number", "map threw something that is no std::exception"}}) {
    Mapping m;
    try {
      m.map("one\ntwo\n" + record + "\nlast\n");
      FAIL("nothing was thrown");
    } catch (const RecordFailed& failed) {
      CHECK(failed.offset() == 8);
      CHECK(failed.what() == what);
    }
    CHECK(m.keys() == Strings{"one", "two"});
    CHECK(m.counters["records"] == 2);
    CHECK(m.counters["bytes"] == 6);
    CHECK(m.map("again\n") == 1);
    CHECK(m.keys() == Strings{"one", "two", "again"});
  }
}

TEST_CASE("what the engine throws is not blamed on the record") {
  Mapping m;
  m.progress.stops = true;
  m.map("x\n");
  m.progress.ask();
  CHECK_THROWS_AS(m.map("x\n"), EngineStops);  // from the step before the record
  AsksFirst::current() = &m.progress;
  m.type = thresh::make_job_type<AsksFirst>();
  CHECK_THROWS_AS(m.map("x\n"), EngineStops);
}

TEST_CASE("many names of counters are counted too") {
  Mapping m;
  m.type = thresh::make_job_type<Names>();
  std::string block;
  for (int i = 0; i < 100; ++i) block += "name" + std::to_string(i % 50) + "\n";
  m.map(block);
  CHECK(m.counters["all"] == 100);
  CHECK(m.counters["name7"] == 4);
  CHECK(m.counters.size() == 51);
}

TEST_CASE("a group is reduced to a line with its rank and weight") {
  Reducing r;
  r.reduce<Obedient>("key", {encoded(std::uint64_t{1}), encoded(std::uint64_t{2})});
  CHECK(r.lines.text == "key|3\n");
  CHECK(r.lines.ranks == Strings{encoded(std::uint64_t{3})});
  CHECK(r.lines.weights == std::vector<std::uint64_t>{9});
  CHECK(r.progress.steps() == 3);  // two values and the end
}

TEST_CASE("a reducer need not take all values") {
  Reducing r;
  Source source({encoded(std::uint64_t{1}), encoded(std::uint64_t{2})});
  r.reduce<Obedient>("first", source);
  CHECK(source.taken == 1);
  CHECK(r.lines.text == "first|1\n");
}

TEST_CASE("a group that throws is named") {
  Reducing r;
  const auto error = [&r](const std::string& key) {
    return error_of([&] { r.reduce<Obedient>(key, Strings{encoded(std::uint64_t{1})}); });
  };
  CHECK(error("bad") == "key 'bad': no good");
  CHECK(error("exception") == "key 'exception': reduce threw an exception: too far");
  CHECK(error("number") == "key 'number': reduce threw something that is no std::exception");
  CHECK(error("error") == "as it is");
  try {
    r.reduce<Obedient>("bad", Strings{});
  } catch (const thresh::Error& failed) {
    CHECK(failed.code() == thresh::ExitCode::BadData);
  }
}

TEST_CASE("what the engine throws is not blamed on the group") {
  Reducing r;
  Source source({});
  source.stops = true;
  CHECK_THROWS_AS(r.reduce<Obedient>("key", source), EngineStops);
  r.lines.refuses = true;
  CHECK_THROWS_AS(r.reduce<Obedient>("key", Strings{}), EngineStops);
}

namespace {

// Composite keys, values through Boost.Serialization, lines in pieces.
struct Visits {
  using Key = std::pair<std::string, std::int32_t>;
  using Value = std::set<std::string>;
  static constexpr thresh::JobInfo info{"visits", "1", "", ""};
  static constexpr bool uses_locations = true;

  void map(const thresh::Line& line, auto& emit) const {
    emit({line.text, -1}, {std::string(line.text)});
    emit(Key("x", 2), Value{});
  }
  static Value combine(Value a, Value b) {
    a.merge(b);
    return a;
  }
  void reduce(const Key& key, thresh::Values<Value>& values, auto& out) const {
    out.begin(key);
    Value all;
    for (const Value& value : values) all = combine(std::move(all), value);
    for (const std::string& name : all) {
      out.append(name);
      out.append(";");
    }
    out.append(out.locate({0, 0}).line);
    out.end(key.second, 5);
    out(std::string("plain"), std::tuple(1, "two", 3.5, true, 'c'));
    out.begin("alone");
    out.end();
    out.count("groups");
  }
};

class Nowhere final : public thresh::Locator {
 public:
  thresh::Location locate(RecordId) const override { return {"file", 9}; }
};

}  // namespace

TEST_CASE("keys may have fields and values any type that can be serialized") {
  Mapping m;
  m.type = thresh::make_job_type<Visits>();
  CHECK(m.type.value_size == 0);
  CHECK(m.type.uses_locations);
  CHECK(m.map("host\n") == 1);
  REQUIRE(m.emits.all.size() == 2);
  CHECK(m.emits.all[0].first == encoded(Visits::Key("host", -1)));

  std::string combined = m.emits.all[0].second;
  m.emits.all.clear();
  m.map("other\n");
  m.type.combine_bytes(combined, m.emits.all[0].second);

  Reducing r;
  const Nowhere nowhere;
  r.context = Context(r.progress, r.counters, &nowhere);
  r.reduce<Visits>(encoded(Visits::Key("host", -1)), Strings{combined, m.emits.all[1].second});
  CHECK(r.lines.text == "host|-1\thost;other;9\nplain|1\ttwo\t3.5\ttrue\tc\nalone\n");
  CHECK(r.lines.ranks == Strings{encoded(std::int32_t{-1}), "", ""});
  CHECK(r.lines.weights == std::vector<std::uint64_t>{5, 0, 0});
  CHECK(r.counters["groups"] == 1);
}

TEST_CASE("a damaged key or value is an error, not a crash") {
  Reducing r;
  CHECK_THROWS_AS(r.reduce<Visits>("no key", Strings{}), thresh::Error);
  CHECK_THROWS_AS(r.reduce<Obedient>("key", Strings{"short"}), thresh::Error);
}

TEST_CASE("jobs are found by name, sorted, and cannot share one") {
  const auto job = [](const char* name) {
    JobType type = thresh::make_job_type<Obedient>();
    type.name = name;
    return type;
  };
  const thresh::JobRegistration second(job("test-b"));
  const thresh::JobRegistration first(job("test-a"));
  CHECK(thresh::find_job("test-a")->name == "test-a");
  CHECK(thresh::find_job("test-c") == nullptr);
  CHECK(thresh::find_job("") == nullptr);
  CHECK(std::is_sorted(thresh::registered_jobs().begin(), thresh::registered_jobs().end(),
                       [](const JobType& a, const JobType& b) { return a.name < b.name; }));
  CHECK(error_of([&] { thresh::JobRegistration(job("test-a")); }) == "two jobs are called 'test-a'");
}
