// EXPECT: thresh: this job lacks `void reduce(
#include "job.hpp"
struct Job {
  using Key = std::string;
  using Value = int;
  static constexpr thresh::JobInfo info{"job", "1", "", ""};
  void map(const thresh::Line&, auto&) const {}
};
THRESH_JOB(Job);
