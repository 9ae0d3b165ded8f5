#include "cli/validate_sort.hpp"

#include <fmt/format.h>

#include "cli/key_columns.hpp"
#include "cli/number.hpp"
#include "cli/reading_display.hpp"
#include "cli/terminal.hpp"
#include "core/text.hpp"
#include "storage/input_files.hpp"
#include "storage/job_paths.hpp"
#include "storage/manifest.hpp"
#include "storage/posix.hpp"
#include "storage/sort_check.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

constexpr std::size_t kRecordBytes = 100;
constexpr std::uint32_t kRecordKeyBytes = 10;
constexpr std::uint64_t kMostRecordBytes = std::uint64_t{1} << 30;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what + "; thresh validate-sort --help shows the options");
}

// Each word's files in the order of their names, one word after the other.
std::vector<InputFile> list(const std::vector<std::string>& words) {
  std::vector<InputFile> files;
  for (const std::string& word : words) {
    const storage::InputListing listing = storage::list_inputs({{word}, {}, false}, "");
    files.insert(files.end(), listing.files.begin(), listing.files.end());
  }
  return files;
}

template <typename Parse>
auto read(const ToolArguments& arguments, const char* option, Parse parse) {
  const std::string value = arguments.value(option).value();
  try {
    return parse(value);
  } catch (const BadValue& bad) {
    throw Error(ExitCode::Usage, fmt::format("option --{}: '{}' {}", option, value, bad.what()));
  }
}

// The --key that a finished output was sorted by, if it is one.
std::optional<KeyColumns> key_of_output(const std::string& directory) {
  const std::string path = storage::JobPaths(directory).success();
  if (!storage::file_status(path)) return std::nullopt;
  const std::string text = storage::read_file(path);
  if (!storage::is_manifest(text)) return std::nullopt;
  return recorded_key(storage::parse_manifest(text, path).job.identity);
}

// Without an option, parts that are called .bin hold records, and all else is lines.
storage::SortFormat format_of(const ToolArguments& arguments, const std::vector<InputFile>& files) {
  if (arguments.has("records") && arguments.has("lines")) refuse("--records and --lines exclude each other");
  storage::SortFormat format;
  if (arguments.has("records")) {
    format.record_bytes =
        read(arguments, "records", [](const std::string& v) { return parse_count(v, 1, kMostRecordBytes); });
  } else if (!arguments.has("lines") && files.front().path.ends_with(".bin")) {
    format.record_bytes = kRecordBytes;
  }
  if (arguments.has("key")) {
    format.key = read(arguments, "key", [](const std::string& v) { return parse_key_columns(v); });
  } else if (format.record_bytes > 0) {
    format.key.last = kRecordKeyBytes;
  } else if (const auto key = key_of_output(arguments.words.front())) {
    format.key = *key;
  }
  format.ends_with_lf = arguments.words.size() == 1 && key_of_output(arguments.words.front());
  return format;
}

std::string sums_text(const storage::RecordSums& sums) {
  return fmt::format("{} records, checksum {}", sums.records, storage::hex64(sums.checksum));
}

storage::SortReport check(const std::vector<InputFile>& files, const storage::SortFormat& format) {
  ReadingDisplay display;
  return storage::check_sort(files, format, display.before_reading());
}

void compare(const storage::RecordSums& sorted, const std::string& against, storage::SortFormat format) {
  format.ends_with_lf = false;  // it was read as any input
  const storage::RecordSums input = check(list({against}), format).sums;
  if (input == sorted) {
    print_out(fmt::format("{}: the same records\n", printable(against)));
    return;
  }
  throw Error(ExitCode::BadData, fmt::format("the records are not those of {}, which has {}",
                                             printable(against), sums_text(input)));
}

int run(const ToolArguments& arguments) {
  if (!arguments.command.empty()) refuse("nothing follows '--'");
  if (arguments.words.empty()) refuse("say what to check: a directory, or files in their order");
  const std::vector<InputFile> files = list(arguments.words);
  const storage::SortFormat format = format_of(arguments, files);
  const storage::SortReport report = check(files, format);
  print_out(fmt::format("{} in {} file{}: {}, {} repeat the key before them\n", sums_text(report.sums),
                        files.size(), files.size() == 1 ? "" : "s",
                        report.first_bad ? "NOT in order" : "in order", report.repeated_keys));
  if (report.first_bad) {
    throw Error(ExitCode::BadData,
                *report.first_bad + (report.out_of_order == 1 ? ""
                                                              : fmt::format(", and {} more are out of order",
                                                                            report.out_of_order - 1)));
  }
  if (const auto against = arguments.value("against")) compare(report.sums, *against, format);
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool validate_sort_tool() {
  return {
      .name = "validate-sort",
      .summary = "check that an output is sorted and has lost nothing",
      .usage = {"DIR|FILE... [--records BYTES|--lines] [--key N[,M]] [--against INPUT]"},
      .details =
          "Reads the parts of DIR, or the files in the order given, as if they were one, and\n"
          "checks that no key is below the one before it. Prints the number of records and\n"
          "the sum of their XXH3 modulo 2^64, which does not depend on their order. Parts\n"
          "that are called .bin hold records of 100 bytes with a key of 10; all else is\n"
          "lines. Ends with 65, and file and offset, if the order or the input is another.\n",
      .options = {{"records", "BYTES", "Records of BYTES bytes each. [default for .bin: 100]"},
                  {"lines", "", "Records are lines, whatever the files are called."},
                  {"key", "N[,M]",
                   "Bytes N to M of a record are its key, counted from 1. [default: what DIR was sorted by; "
                   "1,10 of records, all of a line]"},
                  {"against", "INPUT", "Check that INPUT, a file or directory, holds the same records."}},
      .run = run,
  };
}

}  // namespace thresh::cli
