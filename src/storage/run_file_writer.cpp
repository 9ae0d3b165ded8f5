#include <unistd.h>

#include <algorithm>
#include <optional>

#include "core/text.hpp"
#include "storage/hdf5.hpp"
#include "storage/posix.hpp"
#include "storage/run_file.hpp"
#include "storage/run_file_layout.hpp"
#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::storage {
namespace {

// Lengths of the columns of a run.
struct Lengths {
  std::uint64_t rows = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
};

// Goes over the rows of one slice. What the reader could not put together again is refused here, so that no
// run is thought to be safe that is not. Memory is trusted with the rows themselves, a scratch file is not.
void add_lengths(const Slice& slice, const SliceSize& size, const RowFormat& format, Lengths& lengths) {
  const bool trusted = slice.stored().size() == 0;
  SliceSize found;
  if (slice.staged() && size.rows > 0) found.bytes = sizeof(StagedRanges);
  SliceCursor cursor(slice, format);
  for (Row row; cursor.next(row);) {
    found.rows += 1;
    found.bytes += cursor.bytes().size();
    if (!trusted) found.hash_sum += format.hash(hash_key(row.key), row.value);
    lengths.key_bytes += row.key.size();
    lengths.value_bytes += row.value.size();
  }
  if (trusted) found.hash_sum = size.hash_sum;
  if (found != size)
    throw Error(ExitCode::Internal, "a run to be written does not have the rows of its summary");
  lengths.rows += found.rows;
}

void write_summary(H5Writer& file, const std::string& group, const RunSummary& run) {
  file.number(group + "generation", run.id.generation);
  file.number(group + "worker", run.id.worker);
  file.number(group + "sequence", run.id.sequence);

  file.numbers(group + "split", column<std::uint64_t>(run.splits, &SplitSignature::split));
  file.numbers(group + "split_records", column<std::uint64_t>(run.splits, &SplitSignature::records));
  file.numbers(group + "split_emits", column<std::uint64_t>(run.splits, &SplitSignature::emits));
  file.numbers(group + "split_hash_sum", column<std::uint64_t>(run.splits, &SplitSignature::hash_sum));
  file.numbers(group + "split_weight", column<std::uint64_t>(run.splits, &SplitSignature::weight));

  file.numbers(group + "slice_rows", column<std::uint64_t>(run.slices, &SliceSize::rows));
  file.numbers(group + "slice_bytes", column<std::uint64_t>(run.slices, &SliceSize::bytes));
  file.numbers(group + "slice_hash_sum", column<std::uint64_t>(run.slices, &SliceSize::hash_sum));

  file.strings(group + "counter", column<std::string>(run.counters, &Counters::value_type::first));
  file.numbers(group + "counter_value", column<std::uint64_t>(run.counters, &Counters::value_type::second));
}

void write_columns(H5Writer& file, const std::string& group, const Run& run, const RowFormat& format) {
  Lengths lengths;
  for (std::size_t p = 0; p < run.slices.size(); ++p) {
    add_lengths(run.slices[p], run.summary.slices.at(p), format, lengths);
  }
  const bool varying = format.value_size() == 0;
  H5ColumnWriter keys(file, group + "keys", H5Element::Byte, lengths.key_bytes);
  H5ColumnWriter key_offsets(file, group + "key_offsets", H5Element::U64, lengths.rows + 1);
  H5ColumnWriter values(file, group + "values", H5Element::Byte, lengths.value_bytes);
  std::optional<H5ColumnWriter> value_offsets;
  if (varying) value_offsets.emplace(file, group + "value_offsets", H5Element::U64, lengths.rows + 1);

  std::uint64_t key_end = 0;
  std::uint64_t value_end = 0;
  key_offsets.number(key_end);
  if (varying) value_offsets->number(value_end);
  for (const Slice& slice : run.slices) {
    SliceCursor cursor(slice, format);
    for (Row row; cursor.next(row);) {
      keys.bytes(row.key);
      key_offsets.number(key_end += row.key.size());
      values.bytes(row.value);
      if (varying) value_offsets->number(value_end += row.value.size());
    }
  }
  keys.finish();
  key_offsets.finish();
  values.finish();
  if (varying) value_offsets->finish();
}

bool is_staged(const Run& run) {
  return std::any_of(run.slices.begin(), run.slices.end(), [](const Slice& slice) { return slice.staged(); });
}

void write_file(const std::string& path, const std::string& job_id, const std::vector<const Run*>& runs,
                const RowFormat& format, bool fsync) {
  const RunSummary& first = runs.front()->summary;
  H5Writer file(path);
  file.text("format", kRunFileFormat);
  file.number("schema", kRunFileSchema);
  file.text("job_id", job_id);
  file.number("generation", first.id.generation);
  file.number("worker", first.id.worker);
  file.number("partitions", first.slices.size());
  file.number("value_size", format.value_size());
  file.number("runs", runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string group = run_group(i);
    file.group(group);
    file.number(group + "staged", is_staged(*runs[i]) ? 1 : 0);
    write_summary(file, group, runs[i]->summary);
    write_columns(file, group, *runs[i], format);
  }
  file.finish(fsync);
}

}  // namespace

RunFileStatus write_run_file(const std::string& directory, const std::string& job_id,
                             const std::vector<const Run*>& runs, const RowFormat& format, bool fsync) {
  const RunFileStatus status{run_file_name(job_id, runs.at(0)->summary.id), 0};
  const std::string path = directory + "/" + status.file;
  std::string written = directory + "/" + std::string(kTemporaryPrefix) + status.file + "." + random_hex(8);
  try {
    write_file(written, job_id, runs, format, fsync);
    const std::uint64_t bytes = file_status(written).value_or(FileStatus{}).size;
    if (rename_to_free_name(written, path) != RenameResult::Done) {
      throw Error(ExitCode::Io, "cannot create " + printable(path) + ": there is such a file already");
    }
    written = path;
    if (fsync) fsync_directory(directory);
    return {status.file, bytes};
  } catch (...) {
    ::unlink(written.c_str());
    throw;
  }
}

}  // namespace thresh::storage
