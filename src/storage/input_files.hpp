// From what the user named to the list of files that the job reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace thresh::storage {

struct InputSpec {
  std::vector<std::string> paths;         // files, directories, globs, as given
  std::optional<std::string> files_from;  // a file with one path a line; "-": standard input
  bool null_separated = false;            // paths in files_from end in NUL instead of LF
};

struct InputListing {
  std::vector<InputFile> files;       // sorted by the bytes of their paths; each file once
  std::vector<std::string> warnings;  // a line each
};

// Lists the inputs; opens each once, so that one that cannot be read is named before the job starts.
//
// - A directory is walked recursively. Names that begin with '.' or '_' and links are skipped there; links
//   that are named are followed. So there are no loops.
// - A directory with _SUCCESS is read as its part-* files. If we wrote the _SUCCESS, these must be the parts
//   that it names. A directory with the output of an unfinished job is refused.
// - A name with * ? or [ is expanded as a glob unless a file has that very name; what it gives counts as
//   named. Names in files_from are taken literally; blank lines are ignored.
// - A file that was reached twice, also through links, counts once, under the smallest of its paths.
// - The output directory is left out of a walk, with a warning; an input in it is an error.
// - A directory for checkpoints (may be empty) in the output, or where it would be walked, is an error.
//
// Steps `progress` (may be null) for each file.
//
// Paths stay as given or walked, without `.`, `//` and (where that names the same file) `..`.
// Throws Error{NoInput} for what is missing, unreadable or not a regular file, and if nothing is left;
// Error{Usage} for directories inside one another; Error{BadData} for directories that hold half a result.
InputListing list_inputs(const InputSpec& spec, const std::string& output_dir,
                         const std::string& checkpoint_dir = "", Progress* progress = nullptr);

}  // namespace thresh::storage
