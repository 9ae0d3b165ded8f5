#include "storage/run_file.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/text.hpp"
#include "storage/hdf5.hpp"
#include "storage/hdf5_handle.hpp"
#include "storage/run_file_columns.hpp"
#include "storage/run_file_layout.hpp"

namespace thresh::storage {
namespace {

using h5::damaged;

constexpr std::string_view kEnding = ".h5";

// None unless it is the number as we write it.
std::optional<std::uint32_t> parse_u32(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

[[noreturn]] void is_of_another(const std::string& path, const std::string& what) {
  throw Error(ExitCode::BadData, printable(path) + " is of another " + printable(what, 300));
}

std::uint32_t small_number(const H5Reader& file, const std::string& name) {
  const std::uint64_t value = file.number(name);
  if (value > UINT32_MAX) damaged(file.path(), name + " is too large");
  return static_cast<std::uint32_t>(value);
}

// A dataset that has as many numbers as those it belongs to.
std::vector<std::uint64_t> numbers(const H5Reader& file, const std::string& name, std::size_t count) {
  std::vector<std::uint64_t> values = file.numbers(name);
  if (values.size() != count) damaged(file.path(), name + " has another length");
  return values;
}

std::vector<SplitSignature> read_splits(const H5Reader& file, const std::string& group) {
  const auto ids = file.numbers(group + "split");
  const auto records = numbers(file, group + "split_records", ids.size());
  const auto emits = numbers(file, group + "split_emits", ids.size());
  const auto hash_sums = numbers(file, group + "split_hash_sum", ids.size());
  const auto weights = numbers(file, group + "split_weight", ids.size());
  std::vector<SplitSignature> splits;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] > UINT32_MAX) damaged(file.path(), group + "split is too large");
    if (i > 0 && ids[i] <= ids[i - 1]) damaged(file.path(), group + "split does not rise");
    splits.push_back({static_cast<SplitId>(ids[i]), records[i], emits[i], hash_sums[i], weights[i]});
  }
  return splits;
}

std::vector<SliceSize> read_slices(const H5Reader& file, const std::string& group, std::size_t partitions) {
  const auto rows = numbers(file, group + "slice_rows", partitions);
  const auto bytes = numbers(file, group + "slice_bytes", partitions);
  const auto hash_sums = numbers(file, group + "slice_hash_sum", partitions);
  std::vector<SliceSize> slices;
  for (std::size_t p = 0; p < partitions; ++p) {
    const SliceSize& size = slices.emplace_back(SliceSize{rows[p], bytes[p], hash_sums[p]});
    if (size.rows == 0 && size != SliceSize{})
      damaged(file.path(), group + "slice_rows has none for some bytes");
  }
  return slices;
}

Counters read_counters(const H5Reader& file, const std::string& group) {
  const auto names = file.strings(group + "counter");
  const auto values = numbers(file, group + "counter_value", names.size());
  Counters counters;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0 && names[i] <= names[i - 1]) damaged(file.path(), group + "counter does not rise");
    counters.emplace_hint(counters.end(), names[i], values[i]);
  }
  return counters;
}

std::uint64_t sum_of(const H5Reader& file, const std::string& name, const std::vector<SliceSize>& slices,
                     std::uint64_t SliceSize::*number) {
  std::uint64_t sum = 0;
  for (const SliceSize& slice : slices) {
    if (slice.*number > UINT64_MAX - sum) damaged(file.path(), name + " has sums that cannot be");
    sum += slice.*number;
  }
  return sum;
}

RunSummary read_summary(const H5Reader& file, const std::string& group, std::size_t partitions) {
  RunSummary run;
  run.id.generation = small_number(file, group + "generation");
  run.id.worker = small_number(file, group + "worker");
  run.id.sequence = small_number(file, group + "sequence");
  run.splits = read_splits(file, group);
  run.slices = read_slices(file, group, partitions);
  run.counters = read_counters(file, group);
  return run;
}

bool is_staged(const H5Reader& file, const std::string& group, const RowFormat& format) {
  const std::uint64_t staged = file.number(group + "staged");
  if (staged > 1 || (staged == 1 && format.value_size() == 0))
    damaged(file.path(), group + "staged cannot be so");
  return staged == 1;
}

// The rows themselves are looked at when they are loaded.
void check_columns(const H5Reader& file, const std::string& group, const RowFormat& format,
                   const RunSummary& run, bool staged, Progress* progress) {
  const std::uint64_t rows = sum_of(file, group + "slice_rows", run.slices, &SliceSize::rows);
  const std::uint64_t bytes = sum_of(file, group + "slice_bytes", run.slices, &SliceSize::bytes);
  const RunColumns columns(file, group, format, rows, progress);
  const auto slices = static_cast<std::uint64_t>(std::count_if(
      run.slices.begin(), run.slices.end(), [](const SliceSize& size) { return size.rows > 0; }));
  const bool fits =
      staged ? columns.may_be_staged(bytes - slices * sizeof(StagedRanges)) : columns.row_bytes() == bytes;
  if (!fits) damaged(file.path(), group + "slice_bytes does not add up to the columns");
}

}  // namespace

std::string run_file_name(std::string_view job_id, const RunId& first) {
  return std::string(job_id) + "." + std::to_string(first.generation) + "." + std::to_string(first.worker) +
         "." + std::to_string(first.sequence) + std::string(kEnding);
}

std::optional<RunFileName> parse_run_file_name(std::string_view name) {
  if (!name.ends_with(kEnding)) return std::nullopt;
  name.remove_suffix(kEnding.size());
  std::uint32_t numbers[3] = {};
  for (std::uint32_t* number : {&numbers[2], &numbers[1], &numbers[0]}) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto value = parse_u32(name.substr(dot + 1));
    if (!value) return std::nullopt;
    *number = *value;
    name.remove_suffix(name.size() - dot);
  }
  if (name.empty() || name.find_first_of("./") != std::string_view::npos) return std::nullopt;
  return RunFileName{std::string(name), {numbers[0], numbers[1], numbers[2]}};
}

RunFile::RunFile(std::string path, const std::string& job_id, std::uint32_t partitions,
                 const RowFormat& format, Progress* progress)
    : path_(std::move(path)), format_(format) {
  const H5Reader file(path_, progress);
  checked_ = file.status();
  if (file.text("format") != kRunFileFormat) damaged(path_, "it holds no runs");
  if (file.number("schema") != kRunFileSchema)
    damaged(path_, "or it was written by another version of thresh");
  if (file.text("job_id") != job_id) is_of_another(path_, "job: " + file.text("job_id"));
  if (file.number("partitions") != partitions) is_of_another(path_, "number of partitions");
  if (file.number("value_size") != format.value_size()) is_of_another(path_, "size of values");

  const std::uint64_t runs = file.number("runs");
  std::set<RunId> ids;
  for (std::uint64_t i = 0; i < runs; ++i) {  // a group that is not there ends it
    const std::string group = run_group(i);
    RunSummary run = read_summary(file, group, partitions);
    const bool staged = is_staged(file, group, format);
    check_columns(file, group, format, run, staged, progress);
    staged_.push_back(staged);
    if (!ids.insert(run.id).second) damaged(path_, group + " has the id of another run in it");
    runs_.push_back(std::move(run));
    if (progress != nullptr) progress->step();
  }
  if (runs_.empty()) damaged(path_, "it holds no runs");
  const RunId& first = runs_.front().id;
  if (file.number("generation") != first.generation || file.number("worker") != first.worker) {
    damaged(path_, "its first run is another one");
  }
  const auto name = parse_run_file_name(std::string_view(path_).substr(path_.rfind('/') + 1));
  if (name && (name->job_id != job_id || name->first != first))
    damaged(path_, "it has the name of another file");
}

std::vector<Slice> RunFile::load(std::size_t run, const std::vector<PartitionId>& partitions, ChunkPool& pool,
                                 Progress* progress, bool loose, const Overflow& overflow) const {
  const std::vector<SliceSize>& sizes = runs_.at(run).slices;
  std::vector<std::uint64_t> begins{0};  // in rows
  for (const SliceSize& size : sizes) begins.push_back(begins.back() + size.rows);

  const H5Reader file(path_, checked_);
  RunColumns columns(file, run_group(run), format_, begins.back(), progress);
  std::vector<Slice> slices;
  for (const PartitionId partition : partitions) {
    Slice slice;
    if (loose) slice.set_loose();
    if (staged_.at(run) && sizes[partition].rows > 0) slice.set_staged();
    columns.seek(begins.at(partition));
    for (std::uint64_t left = sizes[partition].rows; left > 0; --left) {
      const Row row = columns.next();
      slice.append(pool, format_, row.key, row.value);
      overflow.relieve_growing(slice);
    }
    overflow.relieve(slice);
    if (slice.measure(format_) != sizes[partition]) {
      damaged(path_, run_group(run) + " does not have the rows of its sums in partition " +
                         std::to_string(partition));
    }
    slices.push_back(std::move(slice));
  }
  return slices;
}

}  // namespace thresh::storage
