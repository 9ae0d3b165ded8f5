// EXPECT: thresh: a job that locates records says so
#include "job.hpp"
struct Job : RightJob {
  void reduce(std::string_view key, thresh::Values<Value>&, auto& out) const {
    out(key, out.locate({}).path);
  }
};
THRESH_JOB(Job);
