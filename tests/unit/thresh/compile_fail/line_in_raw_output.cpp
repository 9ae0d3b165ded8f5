// EXPECT: thresh: a job with raw output writes out.record(bytes), not lines
#include "job.hpp"
struct Job : RightJob {
  static constexpr bool raw_output = true;
};
THRESH_JOB(Job);
