#include "cli/gen.hpp"

#include <fmt/format.h>

#include "cli/number.hpp"
#include "cli/size.hpp"
#include "cli/terminal.hpp"
#include "core/sample_data.hpp"
#include "storage/new_files.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

constexpr std::uint64_t kMostFiles = 100'000;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Usage, what + "; thresh gen --help shows the options");
}

// The option's value as `parse` reads it; `otherwise` if it is not given.
template <typename Parse>
std::uint64_t read(const ToolArguments& arguments, const char* option, std::uint64_t otherwise, Parse parse) {
  const auto value = arguments.value(option);
  if (!value) return otherwise;
  try {
    return parse(*value);
  } catch (const BadValue& bad) {
    throw Error(ExitCode::Usage, fmt::format("option --{}: '{}' {}", option, *value, bad.what()));
  }
}

std::uint64_t count(const ToolArguments& arguments, const char* option, std::uint64_t otherwise,
                    std::uint64_t least, std::uint64_t most) {
  return read(arguments, option, otherwise,
              [&](const std::string& v) { return parse_count(v, least, most); });
}

struct Request {
  SampleSpec spec;
  SampleShare all;
  std::uint64_t files = 0;  // 0: a single file, no directory
  std::string path;
};

Request read_request(const ToolArguments& arguments) {
  if (!arguments.command.empty()) refuse("nothing follows '--'");
  if (arguments.words.size() != 1) refuse("say what to make: text, words, records or table");
  const auto kind = sample_kind(arguments.words.front());
  if (!kind) refuse("'" + arguments.words.front() + "' is none of text, words, records and table");
  Request request;
  request.spec.kind = *kind;
  request.spec.seed = count(arguments, "seed", 1, 0, UINT64_MAX);
  request.spec.distinct = count(arguments, "distinct", 0, 1, most_distinct(*kind));
  if (arguments.has("size") == arguments.has("records")) {
    refuse("say how much: --size or --records, one of them");
  }
  request.all.most_bytes =
      read(arguments, "size", UINT64_MAX, [](const std::string& v) { return parse_size(v); });
  request.all.most_lines = count(arguments, "records", UINT64_MAX, 1, INT64_MAX);
  request.files = count(arguments, "files", 0, 1, kMostFiles);
  request.path = arguments.value("output").value_or("");
  if (request.path.empty()) refuse("no file is given to write to: -o PATH, or -o - for standard output");
  if (request.path == "-" && request.files > 0) refuse("--files needs a directory, not standard output");
  return request;
}

void write_to_stdout(SampleStream& stream) {
  std::string buffer;
  for (bool more = true; more;) {
    buffer.clear();
    more = stream.next(buffer);
    if (!print_out(buffer)) return;
  }
}

std::string file_name(SampleKind kind, const std::string& name, std::uint64_t number) {
  return fmt::format("{}-{:05}.{}", name, number, kind == SampleKind::Table ? "tsv" : "txt");
}

// The share of file `i` of `n`: equal ones, the first files a little larger.
std::uint64_t share_of(std::uint64_t all, std::uint64_t i, std::uint64_t n) {
  return all == UINT64_MAX ? all : all / n + (i < all % n ? 1 : 0);
}

void write_directory(const Request& request, const std::string& name, SampleStream& stream) {
  std::vector<storage::NewFile> files;
  std::uint64_t next_line = 0;
  for (std::uint64_t i = 0; i < request.files; ++i) {
    SampleShare share{.part = i,
                      .most_bytes = share_of(request.all.most_bytes, i, request.files),
                      .most_lines = share_of(request.all.most_lines, i, request.files)};
    // Records are numbered through all files.
    const auto begin = [share, &stream, &next_line]() mutable -> storage::NextPiece {
      next_line += stream.lines();
      share.first_line = next_line;
      stream.begin(share);
      return [&stream](std::string& buffer) { return stream.next(buffer); };
    };
    files.push_back({file_name(request.spec.kind, name, i), begin});
  }
  storage::write_new_directory(request.path, files);
}

int run(const ToolArguments& arguments) {
  const Request request = read_request(arguments);
  SampleStream stream(request.spec);
  stream.begin(request.all);
  if (request.path == "-") {
    write_to_stdout(stream);
  } else if (request.files > 0) {
    write_directory(request, arguments.words.front(), stream);
  } else {
    storage::write_new_file(request.path, [&](std::string& buffer) { return stream.next(buffer); });
  }
  return static_cast<int>(ExitCode::Done);
}

}  // namespace

Tool gen_tool() {
  return {
      .name = "gen",
      .summary = "make data to try jobs on",
      .usage = {"text|words|records|table --size SIZE|--records N -o PATH [options]"},
      .details =
          "The same seed gives the same bytes on every machine.\n\n"
          "  text      lines of about ten words, frequent ones far more often than rare\n"
          "            ones (Zipf's law)\n"
          "  words     lines of about ten words, all equally often\n"
          "  records   lines of 100 bytes that begin with a key of ten characters\n"
          "  table     lines `category TAB number`, as the job sum takes them\n",
      .options = {{"size", "SIZE", "As many whole lines as fit into SIZE bytes: 64M, 1.5G."},
                  {"records", "N", "N lines."},
                  {"output", "PATH", "The file to write, which must not exist; - is standard output.", 'o'},
                  {"files", "N", "Make PATH a directory of N files that share the size or the lines."},
                  {"seed", "S", "Another seed, other data. [default: 1]"},
                  {"distinct", "K",
                   "How many words, keys or categories to draw from. [default: text 1000000, words 20000000, "
                   "table 100000; records: every key is drawn anew]"}},
      .run = run,
      .acts = true,
  };
}

}  // namespace thresh::cli
