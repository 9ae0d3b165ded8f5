// Writes what the fuzzing begins with, one folder a target: fuzz_seeds DIRECTORY. Run again when a format
// changes.
#include <filesystem>
#include <fstream>

#include "core/messages.hpp"
#include "core/slice_stream.hpp"
#include "storage/job_file.hpp"
#include "storage/manifest.hpp"
#include "storage/part_writer.hpp"
#include "storage/publication.hpp"
#include "storage/run_file.hpp"
#include "support/runs.hpp"
#include "support/temporary.hpp"
#include "thresh/decimal.hpp"

using namespace thresh;
using namespace thresh::storage;

namespace {

std::string target;  // the folder that seeds go to

void seed(const std::string& name, std::string_view bytes) {
  std::filesystem::create_directories(target);
  std::ofstream(target + "/" + name, std::ios::binary) << bytes;
}

PartSummary some_part() {
  PartSummary part;
  part.partition = 1;
  part.file = "p00001.2.0123456789abcdef";
  part.worker = 3;
  part.lines = part.groups = 2;
  part.bytes = UINT64_MAX;
  part.counters = {{"bad \xff lines", 7}};
  part.top = {{"\x01", "key", 0, 6}};
  return part;
}

JobIdentity some_job() {
  JobIdentity job;
  job.job = "wordcount";
  job.version = job.build = "1";
  job.shaping = {{"split-size", "64K"}};
  job.inputs = {{"data/a \xff\n.txt", 10, -1}};
  job.splits = {{0, 0, 6}, {0, 6, 10}};
  job.partitions = 1;
  return job;
}

Run some_run(ChunkPool& pool) {
  return test::make_run(pool, RowFormat(0), {1, 2, 1}, {{{"apple", "1"}, {"pear", ""}}, {}, {{"fig", "22"}}});
}

void seed_messages() {
  ChunkPool pool;
  std::size_t number = 0;
  const auto add = [&](const Message& message) { seed(std::to_string(number++), encode_message(message)); };
  SplitDone done;
  PartCommitted committed;
  committed.part = some_part();
  Inventory inventory;
  inventory.runs.push_back(some_run(pool).summary);
  for (const Message& message : std::initializer_list<Message>{
           Muster{}, KeepRuns{}, AssignSplit{}, SealRuns{}, ShuffleWave{}, ReduceWave{}, CheckPart{}, Ping{},
           Dismiss{}, inventory, done, SplitFailed{}, WaveReceived{}, committed, PartChecked{},
           WorkerFailed{}, Heartbeat{}}) {
    add(message);
  }
}

void seed_slices() {
  ChunkPool pool;
  const Run run = some_run(pool);
  SliceSender sender;
  for (PartitionId p = 0; p < 3; ++p) sender.add(run, p);
  std::string stream(sender.bytes_left(), '\0');
  sender.fill(stream.data(), stream.size());
  // Then whether checksums are mended, the size of a piece and of values.
  seed("stream", stream + '\1' + '\x07' + '\0');
}

void seed_files() {
  const test::TemporaryDirectory directory;
  ChunkPool pool;
  const Run run = some_run(pool);
  const std::string runs = write_run_file(directory.path(), "job", {&run}, RowFormat(0), false).file;
  seed("run", test::read_file(directory.path() + "/" + runs) + '\0');  // then: any bytes, not datasets
  seed("job", test::read_file(write_job_file(directory.path(), "job", some_job())) + '\0');
  seed("datasets", std::string(200, '\x01'));
}

void seed_json() {
  const std::vector<PartSummary> parts{some_part()};
  const std::string manifest =
      make_manifest(describe_job(some_job(), "id", 2, {{0, 1, 2, 3, 4}, {1, 1, 2, 3, 4}}, parts, {}));
  seed("manifest", manifest);
  seed("commit", make_commit(parts.front(), 2, "id"));
  const test::TemporaryDirectory directory;
  const JobPaths paths(directory.path());
  make_directories(paths.job_dir());
  decide(paths,
         {"id", {{parts.front().file, "part-00000.tsv", 5, 6}}, manifest, "{}\n", "old", {"part-00001.tsv"}});
  seed("publication", test::read_file(paths.decision()));
}

void seed_codecs() {
  for (const char* number : {"12.50", "-.5", "170141183460469231731.687303715884105727", "7."})
    seed(number, number);
  const auto add = [](const std::string& name, const auto& value) {
    std::string bytes;
    encode(value, bytes);
    seed(name, bytes);
  };
  add("pair", std::pair(std::string("a\0b", 3), std::int16_t{-3}));
  add("tuple", std::tuple(std::uint8_t{7}, std::string("x"), std::string()));
  add("double", -1.5);
  add("decimal sum", DecimalSum(Decimal::parse("-12.5")));
  seed("tags", std::string("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0k\1\0\0\0\0\0\0\0\7\0\0\0", 29));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const std::string root = argv[1];
  const std::pair<const char*, void (*)()> targets[] = {{"messages", seed_messages},
                                                        {"slices", seed_slices},
                                                        {"job_file", seed_files},
                                                        {"sealed_json", seed_json},
                                                        {"codecs", seed_codecs}};
  for (const auto& [name, write] : targets) {
    target = root + "/" + name;
    write();
  }
  target = root + "/run_file";
  seed("unchanged", std::string(1, '\0'));
}
