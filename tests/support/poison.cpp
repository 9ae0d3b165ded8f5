// A job on whose input one may die: for tests of what becomes of such records.
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "thresh/thresh.hpp"

namespace {

// Counts lines by their text; lines "poison KIND" do what they say.
struct Poison {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"poison", "1", "counts lines, and dies of some", ""};

  void map(const thresh::Line& line, auto& emit) const {
    constexpr std::string_view kHead = "poison ";
    if (line.text == "poison nap") std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (line.text == "poison doze") std::this_thread::sleep_for(std::chrono::seconds(2));
    if (line.text == "poison slow") think(emit, 6);
    if (line.text == "poison slow 30") think(emit, 30);
    if (line.text.starts_with(kHead)) act(line.text.substr(kHead.size()));
    emit(line.text, 1);
  }
  // Longer than the task timeouts of the tests, without a call of MPI but for alive().
  static void think(auto& emit, int seconds) {
    for (int i = 0; i < 10 * seconds; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      emit.alive();
    }
  }
  static Value combine(Value a, Value b) { return a + b; }
  void reduce(std::string_view key, thresh::Values<Value>& values, auto& out) const {
    if (key.starts_with("poison rest")) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    Value sum = 0;
    for (const Value value : values) sum += value;
    out(key, sum);
  }

  // In state D of /proc, as the parent of a vfork is until its child ends.
  static void wait_as_for_a_disk() {
    if (vfork() != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }

  static void act(std::string_view kind) {
    if (kind == "throw") throw std::runtime_error("poisoned");
    if (kind == "segv") std::raise(SIGSEGV);
    if (kind == "abort") std::abort();
    if (kind == "kill") std::raise(SIGKILL);
    if (kind == "memory") throw std::bad_alloc();
    if (kind == "disk") wait_as_for_a_disk();
    while (kind == "hang") std::this_thread::sleep_for(std::chrono::seconds(1));
  }
};

}  // namespace

// The same of records of 16 bytes, filled up with blanks.
struct PoisonRecords : Poison {
  static constexpr thresh::JobInfo info{"poison-records", "1", "counts records, and dies of some", ""};
  static constexpr std::size_t record_bytes = 16;

  void map(const thresh::Record& record, auto& emit) const {
    Poison::map(thresh::Line{record.bytes.substr(0, record.bytes.find_last_not_of(' ') + 1), record.id},
                emit);
  }
};

// Makes a hundred rows of each line.
struct PoisonMany {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"poison-many", "1", "makes a hundred rows of each line", ""};

  void map(const thresh::Line& line, auto& emit) const {
    for (int i = 0; i < 100; ++i) emit(std::to_string(i) + "-" + std::string(line.text), 1);
  }
  void reduce(std::string_view key, thresh::Values<Value>& values, auto& out) const {
    Value sum = 0;
    for (const Value value : values) sum += value;
    out(key, sum);
  }
};

THRESH_JOB(Poison);
THRESH_JOB(PoisonMany);
THRESH_JOB(PoisonRecords);
