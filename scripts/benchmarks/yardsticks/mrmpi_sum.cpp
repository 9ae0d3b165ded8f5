// The sum of decimals by category with MR-MPI.
#include "decimals.hpp"
#include "mrmpi_job.hpp"

namespace {

void map(int, char* text, int, KeyValue* pairs, void*) {
  for (char* line = text; *line != '\0';) {
    char* const end = line + std::strcspn(line, "\n");
    if (end != line) {
      char* const tab = line + std::strcspn(line, "\t\n");
      if (*tab != '\t') fail("a line without a TAB");
      const Number number = parse_slowly({tab + 1, end});
      Total total{number.units, 1, number.digits};
      pairs->add(line, static_cast<int>(tab - line), reinterpret_cast<char*>(&total), sizeof total);
    }
    line = *end == '\0' ? end : end + 1;
  }
}

void reduce(char* category, int size, char* values, int count, int*, KeyValue* pairs, void* job) {
  auto total = total_of<Total>(*static_cast<MapReduce*>(job), values, count,
                               [](Total& sum, const Total& value) { sum.add(value); });
  pairs->add(category, size, reinterpret_cast<char*>(&total), sizeof total);
}

void print(char* category, int size, char* value, int, void* lines) {
  Total total;
  std::memcpy(&total, value, sizeof total);
  write_total(*static_cast<Lines*>(lines), {category, static_cast<std::size_t>(size)}, total);
}

}  // namespace

int main(int argc, char** argv) {
  return run_mrmpi(argc, argv, map, reduce, print);
}
