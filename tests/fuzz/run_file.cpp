// Run files that HDF5 reads well, but that no run would give: attributes and datasets of any content.
#include <algorithm>
#include <filesystem>

#include "fuzz/fuzz.hpp"
#include "storage/run_file.hpp"
#include "support/raw_run_file.hpp"

using namespace thresh;
using namespace thresh::test;

namespace {

template <class Map>
auto& pick(FuzzedDataProvider& input, Map& map) {
  return std::next(map.begin(), input.ConsumeIntegralInRange<std::ptrdiff_t>(0, std::ssize(map) - 1))->second;
}

std::uint64_t some_number(FuzzedDataProvider& input) {
  return input.ConsumeBool() ? input.ConsumeIntegral<std::uint8_t>() : input.ConsumeIntegral<std::uint64_t>();
}

void change_numbers(FuzzedDataProvider& input, std::vector<std::uint64_t>& numbers) {
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0:
      numbers.push_back(some_number(input));
      break;
    case 1:
      if (!numbers.empty()) numbers.pop_back();
      break;
    default:
      if (!numbers.empty())
        numbers[input.ConsumeIntegralInRange<std::size_t>(0, numbers.size() - 1)] = some_number(input);
  }
}

void change(FuzzedDataProvider& input, RawRunFile& file) {
  RawRun& run = file.runs[input.ConsumeIntegralInRange<std::size_t>(0, file.runs.size() - 1)];
  switch (input.ConsumeIntegralInRange(0, 9)) {
    case 0:
      pick(input, file.texts) = input.ConsumeRandomLengthString(20);
      break;
    case 1:
      pick(input, file.attributes) = some_number(input);
      break;
    case 2:
      pick(input, run.attributes) = some_number(input);
      break;
    case 3:
      pick(input, run.strings).push_back(input.ConsumeRandomLengthString(20));
      break;
    case 4:
      pick(input, run.bytes) = input.ConsumeRandomLengthString(200);
      break;
    case 5:
      if (file.runs.size() < 3) file.runs.push_back(run);
      break;
    default:
      change_numbers(input, pick(input, run.numbers));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  RawRunFile raw = good_raw_file();
  const auto value_size = input.ConsumeIntegralInRange<std::size_t>(0, 2);
  raw.attributes["value_size"] = value_size;
  for (int left = 12; left > 0 && input.remaining_bytes() > 0; --left) change(input, raw);

  const std::string path = scratch() + "/raw.h5";
  std::filesystem::remove(path);
  write_raw_file(path, raw);
  takes(ExitCode::BadData, path, [&] {
    const RowFormat format(value_size);
    static ChunkPool pool;
    const storage::RunFile file(path, "job", 2, format, nullptr);
    std::vector<Run> runs;
    for (std::size_t i = 0; i < file.runs().size(); ++i) {
      auto slices = file.load(i, {1, 0}, pool, nullptr, false);  // so that a begin is looked up, not run into
      std::swap(slices[0], slices[1]);
      runs.push_back({file.runs()[i], std::move(slices)});
    }
    std::vector<const Run*> pointers;
    for (const Run& run : runs) pointers.push_back(&run);
    const std::string again =
        scratch() + "/" + storage::write_run_file(scratch(), "job", pointers, format, false).file;
    must(storage::RunFile(again, "job", 2, format, nullptr).runs() == file.runs(),
         "runs are the same when written again");
    std::filesystem::remove(again);
  });
  return 0;
}
