// EXPECT: record_bytes it takes a const thresh::Record&
#include "job.hpp"
struct Job : RightJob {
  static constexpr std::size_t record_bytes = 100;
  void map(const thresh::Line& line, thresh::Emitter<Key, Value>& emit) const { emit(line.text, 1); }
};
THRESH_JOB(Job);
