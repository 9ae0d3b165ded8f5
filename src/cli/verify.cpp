#include "cli/verify.hpp"

#include <fmt/format.h>

#include "cli/key_columns.hpp"
#include "cli/reading_display.hpp"
#include "cli/terminal.hpp"
#include "core/slice.hpp"
#include "core/text.hpp"
#include "storage/verify.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

// A run that works on the directory moves files while they are looked at.
std::string at_work(const storage::Inventory& inventory) {
  if (inventory.generations.empty()) return {};
  const auto holder = storage::holder_at_work(inventory.paths.generations(), inventory.generations.back());
  return holder ? "; a run is at work (" + *holder + "): verify again when it is over" : "";
}

int run(const ToolArguments& arguments) {
  const std::string directory = directory_of("verify", arguments);
  const storage::Inventory inventory = storage::take_inventory(directory);
  std::optional<RowFormat> format;
  std::string extension = "tsv";
  if (const auto job = inventory.job ? recorded_job(inventory.job->identity) : std::nullopt) {
    format = row_format(*job);
    extension = job->part_extension;
  }
  const storage::Verification report = [&] {
    ReadingDisplay display;
    return storage::verify(inventory, format, extension, display.before_reading());
  }();
  std::string out;
  for (const std::string& line : report.bad) out += "bad: " + line + "\n";
  for (const std::string& line : report.notes) out += "note: " + line + "\n";
  print_out(out);
  if (!report.bad.empty()) {
    throw Error(ExitCode::BadData, fmt::format("{} of {} files in {} are bad{}", report.bad.size(),
                                               report.files, printable(directory), at_work(inventory)));
  }
  print_out(fmt::format("{}: {} job, {} files ({} bytes of data) are good\n", printable(directory),
                        inventory.finished && !inventory.job ? "finished" : "unfinished", report.files,
                        report.bytes));
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool verify_tool() {
  return {
      .name = "verify",
      .summary = "check every sum of an output or a job directory",
      .usage = {"DIR"},
      .details =
          "DIR is what was given with -o. A finished output: each part's size, lines and\n"
          "checksum, none missing, none from elsewhere. An unfinished job: every file in\n"
          "DIR/.thresh, and every part and run. Prints a line for each bad file and ends\n"
          "with 65 if there is one. What a killed run left and nobody needs is a note.\n",
      .options = {},
      .run = run,
  };
}

}  // namespace thresh::cli
