// EXPECT: thresh: weight must be `static std::uint64_t weight(const Value& value)`
#include "job.hpp"
struct Job : RightJob {
  static double weight(const Value& value) { return static_cast<double>(value); }
};
THRESH_JOB(Job);
