// EXPECT: thresh: this job lacks `void map(
#include "job.hpp"
struct Job {
  using Key = std::string;
  using Value = int;
  static constexpr thresh::JobInfo info{"job", "1", "", ""};
  void reduce(std::string_view, thresh::Values<int>&, auto&) const {}
};
THRESH_JOB(Job);
