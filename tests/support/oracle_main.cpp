// thresh_oracle JOB [-p PARTITIONS] -o DIR [--escape] [--combine SEED] [--top N] FILE...
// Writes DIR/part-00000.tsv ...: what `thresh JOB FILE... -o DIR` must write.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/oracle.hpp"
#include "thresh/errors.hpp"

namespace {

struct Arguments {
  std::string job;
  std::uint32_t partitions = 1;
  std::string directory;
  bool escape = false;
  std::optional<std::uint64_t> combine_seed;
  std::size_t top = 0;
  std::vector<std::string> files;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto operand = [&] {
      if (++i == argc) throw thresh::Error(thresh::ExitCode::Usage, word + " needs an operand");
      return std::string(argv[i]);
    };
    if (word == "-p") {
      arguments.partitions = static_cast<std::uint32_t>(std::stoul(operand()));
    } else if (word == "-o") {
      arguments.directory = operand();
    } else if (word == "--escape") {
      arguments.escape = true;
    } else if (word == "--combine") {
      arguments.combine_seed = std::stoull(operand());
    } else if (word == "--top") {
      arguments.top = std::stoul(operand());
    } else if (arguments.job.empty()) {
      arguments.job = word;
    } else {
      arguments.files.push_back(word);
    }
  }
  if (arguments.directory.empty() || arguments.job.empty() || arguments.partitions == 0) {
    throw thresh::Error(thresh::ExitCode::Usage, "usage: thresh_oracle JOB [-p PARTITIONS] -o DIR FILE...");
  }
  return arguments;
}

void write_parts(const std::string& directory, const std::vector<std::string>& parts) {
  std::filesystem::create_directories(directory);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    char name[32];
    std::snprintf(name, sizeof name, "part-%05zu.tsv", p);
    std::ofstream out(directory + "/" + name, std::ios::binary);
    out << parts[p] << std::flush;
    if (!out) throw thresh::Error(thresh::ExitCode::Io, "cannot write " + directory + "/" + name);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = parse(argc, argv);
    const thresh::JobType* job = thresh::find_job(arguments.job);
    if (job == nullptr) throw thresh::Error(thresh::ExitCode::Usage, "no job is called " + arguments.job);
    const auto result = thresh::oracle::run_oracle(*job, arguments.files, arguments.partitions,
                                                   arguments.escape, arguments.combine_seed);
    write_parts(arguments.directory, result.parts);
    const std::string top = result.top(arguments.top);
    std::fwrite(top.data(), 1, top.size(), stdout);
    return 0;
  } catch (const thresh::Error& error) {
    std::fprintf(stderr, "thresh_oracle: %s\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "thresh_oracle: %s\n", error.what());
    return static_cast<int>(thresh::ExitCode::BadData);
  }
}
