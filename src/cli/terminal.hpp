// Who speaks, and how, before MPI is there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thresh::cli {

// Takes the numbers of standard streams that are closed: else the next file that is opened gets one, and
// messages end up in a part of the output.
void occupy_standard_descriptors() noexcept;

// What launchers say in the environment of this process's rank: "SLURM_PROCID=3". The nearest launcher first.
std::vector<std::string> ranks_told();

// Whether this process is to print what all ranks would print: false for all but one of the ranks that mpirun
// or srun started.
bool speaks_for_all();

// Writes all of `text` to stdout. False if the reader has gone away, which is no error. Throws Error{Io}.
// REQUIRES: SIGPIPE is ignored.
bool print_out(std::string_view text);

// One line on stderr: "thresh: " and `text`, with control characters escaped. Failures are ignored.
void print_error(std::string_view text);
// The same, with `who` in place of "thresh".
void print_note(std::string_view who, std::string_view text);

}  // namespace thresh::cli
