// Word count with MR-MPI.
#include "counts.hpp"
#include "mrmpi_job.hpp"

namespace {

void map(int, char* text, int, KeyValue* pairs, void*) {
  char* at = text;
  while (true) {
    while (is_space(*at)) ++at;
    if (*at == '\0') return;  // ends the piece
    char* const word = at;
    while (*at != '\0' && !is_space(*at)) ++at;
    std::uint64_t one = 1;
    pairs->add(word, static_cast<int>(at - word), reinterpret_cast<char*>(&one), sizeof one);
  }
}

void reduce(char* word, int size, char* values, int count, int*, KeyValue* pairs, void* job) {
  auto total = total_of<std::uint64_t>(*static_cast<MapReduce*>(job), values, count,
                                       [](std::uint64_t& sum, std::uint64_t value) { sum += value; });
  pairs->add(word, size, reinterpret_cast<char*>(&total), sizeof total);
}

void print(char* word, int size, char* value, int, void* lines) {
  std::uint64_t count = 0;
  std::memcpy(&count, value, sizeof count);
  const auto length = static_cast<std::size_t>(size);
  auto& to = *static_cast<Lines*>(lines);
  char* at = to.room(length + 24);
  std::memcpy(at, word, length);
  to.done(put_count(at + length, count));
}

}  // namespace

int main(int argc, char** argv) {
  return run_mrmpi(argc, argv, map, reduce, print);
}
