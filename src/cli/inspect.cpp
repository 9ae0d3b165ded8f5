#include "cli/inspect.hpp"

#include <string>

#include "cli/inspection.hpp"
#include "cli/reading_display.hpp"
#include "cli/terminal.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

int run(const ToolArguments& arguments) {
  const std::string directory = directory_of("inspect", arguments);
  const Inspection inspection = [&] {
    ReadingDisplay display;
    return inspect(directory, display.before_reading());
  }();
  print_out(arguments.has("json") ? inspection_json(inspection) : inspection_text(inspection));
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool inspect_tool() {
  return {
      .name = "inspect",
      .summary = "show what an output directory holds and what to do next",
      .usage = {"DIR [--json]"},
      .details =
          "DIR is what was given with -o. Shows the job, its state, who worked on it last\n"
          "and how that ended; the runs and which splits they cover; the parts that are\n"
          "committed; and, in the last line, what to type. Changes nothing.\n",
      .options = {{"json", "", "Print JSON; docs/tools.md has the schema."}},
      .run = run,
  };
}

}  // namespace thresh::cli
