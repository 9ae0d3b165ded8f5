// EXPECT: thresh: combine must be `static Value combine(Value a, Value b)`
#include "job.hpp"
struct Job : RightJob {
  static void combine(Value& a, const Value& b) { a += b; }
};
THRESH_JOB(Job);
