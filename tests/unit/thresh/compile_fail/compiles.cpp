// EXPECT: nothing
#include "job.hpp"
THRESH_JOB(RightJob);
