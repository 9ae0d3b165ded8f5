// EXPECT: thresh: a job that writes records says so
#include "job.hpp"
struct Job : RightJob {
  void reduce(std::string_view key, thresh::Values<Value>&, auto& out) const { out.record(key); }
};
THRESH_JOB(Job);
