#include "cli/clean.hpp"

#include "cli/terminal.hpp"
#include "core/text.hpp"
#include "storage/clean.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

int run(const ToolArguments& arguments) {
  const std::string directory = directory_of("clean", arguments);
  std::size_t count = 0;
  const auto print = [&](const char* what, const storage::Removal& removal) {
    ++count;
    print_out(what + printable(removal.path) + ": " + removal.why + "\n");
  };
  if (arguments.has("dry-run")) {
    const storage::Inventory inventory = storage::take_inventory(directory);
    storage::refuse_if_at_work(inventory);
    for (const auto& removal : storage::plan_cleaning(inventory)) print("would remove ", removal);
  } else {
    storage::clean(directory, [&](const storage::Removal& removal) { print("removed ", removal); });
  }
  if (count == 0) print_out(printable(directory) + ": there is nothing to remove\n");
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool clean_tool() {
  return {
      .name = "clean",
      .summary = "remove what a killed run left and nobody needs",
      .usage = {"DIR [--dry-run]"},
      .details =
          "DIR is what was given with -o. Removes files that were being written, parts\n"
          "that were never committed, files of other jobs and old generations; of a\n"
          "finished job, what is left of DIR/.thresh. An unfinished job keeps all that it\n"
          "goes on from. A file that is not ours by name is never touched. While a run is\n"
          "at work nothing is removed: 75.\n",
      .options = {{"dry-run", "", "Only say what would be removed."}},
      .run = run,
      .acts = true,
  };
}

}  // namespace thresh::cli
