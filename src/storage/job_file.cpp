#include "storage/job_file.hpp"

#include <unistd.h>

#include "core/partitioner.hpp"
#include "core/text.hpp"
#include "storage/hdf5.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

constexpr char kFormat[] = "thresh job";
constexpr std::uint64_t kSchema = 1;

[[noreturn]] void damaged(const std::string& path, const std::string& why) {
  throw Error(ExitCode::BadData, printable(path) + " is damaged: " + why);
}

void write_job(const std::string& path, const std::string& job_id, const JobIdentity& identity,
               const std::vector<std::string>& split_points) {
  H5Writer file(path);
  file.text("format", kFormat);
  file.number("schema", kSchema);
  file.text("job_id", job_id);
  file.text("job", identity.job);
  file.text("version", identity.version);
  file.text("build", identity.build);
  file.text("fingerprint", fingerprint(identity));
  file.number("partitions", identity.partitions);

  using Option = decltype(identity.shaping)::value_type;
  file.strings("option", column<std::string>(identity.shaping, &Option::first));
  file.strings("option_value", column<std::string>(identity.shaping, &Option::second));
  file.strings("input_path", column<std::string>(identity.inputs, &InputFile::path));
  file.numbers("input_size", column<std::uint64_t>(identity.inputs, &InputFile::size));
  file.signed_numbers("input_mtime_ns", column<std::int64_t>(identity.inputs, &InputFile::mtime_ns));
  file.numbers("split_file", column<std::uint64_t>(identity.splits, &Split::file));
  file.numbers("split_begin", column<std::uint64_t>(identity.splits, &Split::begin));
  file.numbers("split_end", column<std::uint64_t>(identity.splits, &Split::end));
  file.strings("split_point", split_points);
  file.finish();
}

}  // namespace

std::string write_job_file(const std::string& directory, const std::string& job_id,
                           const JobIdentity& identity, const std::vector<std::string>& split_points) {
  std::string path = directory + "/" + std::string(kTemporaryPrefix) + job_id + ".job." + random_hex(8);
  try {
    write_job(path, job_id, identity, split_points);
  } catch (...) {
    ::unlink(path.c_str());
    throw;
  }
  return path;
}

RecordedJob read_job_file(const std::string& path) {
  const H5Reader file(path);
  if (file.text("format") != kFormat) damaged(path, "it describes no job");
  if (const std::uint64_t schema = file.number("schema"); schema != kSchema) {
    throw OtherVersion(
        path, " (schema " + std::to_string(schema) + ", this one reads " + std::to_string(kSchema) + ")");
  }
  RecordedJob job;
  JobIdentity& identity = job.identity;
  job.job_id = file.text("job_id");
  identity.job = file.text("job");
  identity.version = file.text("version");
  identity.build = file.text("build");
  const std::uint64_t partitions = file.number("partitions");
  if (partitions == 0 || partitions > UINT32_MAX) damaged(path, "the number of partitions cannot be");
  identity.partitions = static_cast<std::uint32_t>(partitions);

  const auto options = file.strings("option");
  const auto values = file.strings("option_value");
  if (options.size() != values.size()) damaged(path, "options and values differ in number");
  for (std::size_t i = 0; i < options.size(); ++i) identity.shaping[options[i]] = values[i];

  const auto paths = file.strings("input_path");
  const auto sizes = file.numbers("input_size");
  const auto times = file.signed_numbers("input_mtime_ns");
  if (paths.size() != sizes.size() || paths.size() != times.size()) {
    damaged(path, "paths, sizes and times of inputs differ in number");
  }
  for (std::size_t i = 0; i < paths.size(); ++i) identity.inputs.push_back({paths[i], sizes[i], times[i]});

  const auto files = file.numbers("split_file");
  const auto begins = file.numbers("split_begin");
  const auto ends = file.numbers("split_end");
  if (files.size() != begins.size() || files.size() != ends.size()) {
    damaged(path, "files, begins and ends of splits differ in number");
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i] >= paths.size() || begins[i] > ends[i] || ends[i] > sizes[files[i]]) {
      damaged(path, "split " + std::to_string(i) + " is no range of an input");
    }
    identity.splits.push_back({static_cast<std::uint32_t>(files[i]), begins[i], ends[i]});
  }
  job.splits_digest = splits_digest(identity.splits);
  job.split_points = file.strings("split_point");
  if (!are_split_points(job.split_points, identity.partitions)) {
    damaged(path, "its split points do not divide its partitions");
  }
  if (file.text("fingerprint") != fingerprint(identity)) damaged(path, "its fingerprint does not match");
  return job;
}

}  // namespace thresh::storage
