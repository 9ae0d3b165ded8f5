// Words with their counts: in a slot of a table, in a map for long ones, in a line of output.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "files.hpp"
#include "words.hpp"

// A cache line holds two. A slot whose key has tag 0 is free.
struct CountSlot {
  WordKey key;
  std::uint64_t count;
};
static_assert(sizeof(CountSlot) == 32);

// Words that fit in no key.
using LongWords = std::unordered_map<std::string, std::uint64_t>;

inline char* put_count(char* at, std::uint64_t count) {
  *at++ = '\t';
  at = put_number(at, count);
  *at++ = '\n';
  return at;
}

inline void write_count(Lines& lines, const CountSlot& slot, std::uint64_t count) {
  constexpr std::size_t kMostLine = 64;
  char* at = lines.room(kMostLine);
  std::memcpy(at, slot.key.bytes, WordKey::kMost);  // a fixed size is faster than the right one
  lines.done(put_count(at + slot.key.tag, count));
}

inline void write_counts(Lines& lines, const LongWords& words) {
  for (const auto& [word, count] : words) {
    char* at = lines.room(word.size() + 24);
    std::memcpy(at, word.data(), word.size());
    lines.done(put_count(at + word.size(), count));
  }
}

inline void add_counts(LongWords& to, const LongWords& words) {
  for (const auto& [word, count] : words) to[word] += count;
}
