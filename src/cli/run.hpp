// The program behind main.
#pragma once

namespace thresh::cli {

// Parses the command line, then prints what was asked for or runs the job. Returns the exit code, the same on
// every rank if nothing is run. Never throws.
int run(int argc, char** argv) noexcept;

}  // namespace thresh::cli
