// EXPECT: thresh: this job lacks `static constexpr thresh::JobInfo info
#include "job.hpp"
struct Job {
  using Key = std::string;
  using Value = int;
  void map(const thresh::Line&, auto&) const {}
  void reduce(std::string_view, thresh::Values<int>&, auto&) const {}
};
THRESH_JOB(Job);
