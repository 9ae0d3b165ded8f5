// EXPECT: thresh: a job with a weight writes its own Value
#include "job.hpp"
struct Job : RightJob {
  static std::uint64_t weight(const Value& value) { return value; }
  void reduce(std::string_view key, thresh::Values<Value>&, auto& out) const { out(key, "text"); }
};
THRESH_JOB(Job);
