// Jobs that do what one should not, and what becomes of it.
#include <stdexcept>

#include "support/catch.hpp"
#include "thresh/job.hpp"

namespace {

using namespace thresh;

struct EngineStops : std::runtime_error {
  EngineStops() : std::runtime_error("engine stops") {}
};

class StoppingProgress final : public Progress {
 public:
  bool stops = false;

 protected:
  void poll() override {
    if (stops) throw EngineStops();
  }
};

class RefusingLines final : public ResultSink {
 public:
  void key(std::string_view) override {}
  void append(std::string_view text) override {
    if (text.find('\n') != std::string_view::npos) throw EngineStops();
  }
  void end_line(std::string_view, std::uint64_t) override { ++lines; }
  void record(std::string_view, std::string_view) override {}
  int lines = 0;
};

class Nothing final : public EmitSink {
 public:
  void take(const EmitBatch&) override {}
};

// Goes on whatever is thrown.
struct Unshaken {
  using Key = std::string;
  using Value = std::string;
  static constexpr JobInfo info{"unshaken", "1", "", ""};
  void map(const Line& line, auto& emit) const {
    try {
      emit.alive();
    } catch (const std::exception&) {
      emit.count("dead");
    }
    emit(line.text, line.text);
  }
  void reduce(std::string_view key, Values<Value>& values, auto& out) const {
    for (const std::string_view value : values) {
      try {
        out(key, value);
      } catch (const std::exception&) {
        out.count("bad");
      }
    }
  }
};

// Its values are views, and so is what it combines.
struct Greatest {
  using Key = std::string;
  using Value = std::string_view;
  static constexpr JobInfo info{"greatest", "1", "", ""};
  void map(const Line& line, auto& emit) const { emit(line.text, line.text); }
  static Value combine(Value a, Value b) { return std::max(a, b); }
  void reduce(std::string_view key, Values<Value>& values, auto& out) const { out(key, *values.begin()); }
};

TEST_CASE("what the engine throws is not over when the job catches it") {
  const JobType type = make_job_type<Unshaken>();
  StoppingProgress progress;
  Counters counters;
  Context context(progress, counters, nullptr);
  RefusingLines lines;
  const auto reduce = [&](std::string_view value) {
    const std::vector<SingleGroup> groups{{"a", "fine", 1}, {"b", value, 2}, {"c", "fine", 3}};
    type.make_reducer()->reduce_singles(groups, lines, context);
  };
  reduce("good");
  CHECK(lines.lines == 3);
  CHECK_THROWS_AS(reduce("not\ngood"), EngineStops);
  CHECK(lines.lines == 4);

  Nothing nothing;
  EmitBatch batch(nothing);
  const auto mapper = type.make_mapper();
  CHECK(mapper->map_block("x\ny\n", {0, 0}, batch, context) == 2);
  progress.stops = true;
  progress.ask();
  CHECK_THROWS_AS(mapper->map_block("x\ny\n", {0, 0}, batch, context), EngineStops);
}

TEST_CASE("what was combined may be a view of what it was combined from") {
  const JobType type = make_job_type<Greatest>();
  for (const auto& [a, b] : {std::pair("value111111", "value999999999"), std::pair("z", "a"),
                             std::pair("longer than any small string is", "b")}) {
    for (const auto& [first, second] : {std::pair(a, b), std::pair(b, a)}) {
      std::string into = first;
      type.combine_bytes(into, second);
      CHECK(into == std::max<std::string_view>(a, b));
    }
  }
}

}  // namespace
