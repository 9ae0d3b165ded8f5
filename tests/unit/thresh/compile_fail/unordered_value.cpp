// EXPECT: thresh: an unordered container has no canonical bytes
#include <unordered_map>

#include "job.hpp"
struct Job : RightJob {
  using Value = std::unordered_map<int, int>;
  void map(const thresh::Line& line, auto& emit) const { emit(line.text, Value{}); }
  void reduce(std::string_view, thresh::Values<Value>&, auto&) const {}
};
THRESH_JOB(Job);
