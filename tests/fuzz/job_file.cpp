// Any bytes as job.h5 and as a run file; and a job.h5 that HDF5 reads well, with datasets of any content.
#include <filesystem>

#include "fuzz/fuzz.hpp"
#include "storage/hdf5.hpp"
#include "storage/job_file.hpp"
#include "storage/run_file.hpp"

using namespace thresh;
using namespace thresh::test;
using namespace thresh::storage;

namespace {

std::vector<std::uint64_t> some_numbers(FuzzedDataProvider& input) {
  std::vector<std::uint64_t> numbers(input.ConsumeIntegralInRange<std::size_t>(0, 4));
  for (std::uint64_t& number : numbers) {
    number =
        input.ConsumeBool() ? input.ConsumeIntegral<std::uint8_t>() : input.ConsumeIntegral<std::uint64_t>();
  }
  return numbers;
}

std::vector<std::string> some_strings(FuzzedDataProvider& input) {
  std::vector<std::string> strings(input.ConsumeIntegralInRange<std::size_t>(0, 4));
  for (std::string& text : strings) text = input.ConsumeRandomLengthString(20);
  return strings;
}

void write_job(FuzzedDataProvider& input, const std::string& path) {
  H5Writer file(path);
  file.text("format", "thresh job");
  file.number("schema", 1);
  for (const char* name : {"job_id", "job", "version", "build", "fingerprint"}) {
    file.text(name, input.ConsumeRandomLengthString(20));
  }
  file.number("partitions", input.ConsumeIntegral<std::uint64_t>());
  for (const std::string name : {"option", "option_value", "input_path"}) {
    if (input.ConsumeBool()) {
      file.strings(name, some_strings(input));
    } else {  // offsets that need not fit
      file.numbers(name + "_offsets", some_numbers(input));
      const std::string bytes = input.ConsumeRandomLengthString(50);
      H5ColumnWriter data(file, name + "_data", H5Element::Byte, bytes.size());
      data.bytes(bytes);
      data.finish();
    }
  }
  for (const char* name : {"input_size", "split_file", "split_begin", "split_end"}) {
    file.numbers(name, some_numbers(input));
  }
  std::vector<std::int64_t> times;
  for (const std::uint64_t number : some_numbers(input)) times.push_back(static_cast<std::int64_t>(number));
  file.signed_numbers("input_mtime_ns", times);
  file.finish(false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string path = scratch() + "/job.h5";
  std::filesystem::remove(path);
  if (input.ConsumeBool()) {
    write_job(input, path);
  } else {
    const std::string bytes = input.ConsumeRemainingBytesAsString();
    std::ofstream(path, std::ios::binary) << bytes;
    takes(ExitCode::BadData, path, [&] { RunFile(path, "job", 2, RowFormat(0), nullptr); });
  }
  takes(ExitCode::BadData, path, [&] { read_job_file(path); });
  return 0;
}
