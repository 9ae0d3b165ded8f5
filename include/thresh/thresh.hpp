// All that the author of a job needs.
#pragma once

#include "thresh/job.hpp"  // IWYU pragma: export
