// EXPECT: thresh: the Key of this job has no order-preserving codec
#include "job.hpp"
struct Point {
  int x;
  int y;
};
struct Job : RightJob {
  using Key = Point;
};
THRESH_JOB(Job);
