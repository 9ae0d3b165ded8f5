#include "core/sample_data.hpp"

#include <array>
#include <cassert>
#include <cstring>

namespace thresh {
namespace {

constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
constexpr std::uint64_t kMostZipfWords = std::uint64_t{1} << 26;
// Wider than that, the numbers of text's table and of its words' letters would not fit what they are kept in.
constexpr std::uint64_t kMostDistinct = 1'000'000'000;
constexpr std::uint64_t kFewestWords = 5;  // of a line
constexpr std::uint64_t kMostWords = 15;
constexpr std::size_t kPicks = 1024;
constexpr std::size_t kKeyBytes = 10;
constexpr std::size_t kPayloadLetters = 71;
constexpr std::uint64_t kMostHundredths = 10'000'000;

// The finalizer of splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// The upper half of the product: x, uniform over 64 bits, scaled to 0 .. bound - 1.
std::uint64_t scale(std::uint64_t x, std::uint64_t bound) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(x) * bound >> 64);
}

// A consonant, a vowel, and in every third syllable a closing consonant. Each syllable of a word begins with
// exactly one consonant before a vowel, so a word is read in one way only.
struct Syllable {
  std::array<char, 4> letters{};  // the last is not used: four are copied at once
  std::uint8_t size = 0;
};
constexpr std::size_t kSyllables = 100;

constexpr std::array<Syllable, kSyllables> make_syllables() {
  constexpr std::string_view kConsonants = "thsnrdlmcwfgpbvkyjzq";
  constexpr std::string_view kVowels = "eaoiu";
  std::array<Syllable, kSyllables> all;
  for (std::size_t i = 0; i < kSyllables; ++i) {
    all[i].letters = {kConsonants[i % 20], kVowels[i / 20], kConsonants[(7 * i + 3) % 11], 0};
    all[i].size = i % 3 == 2 ? 3 : 2;
  }
  return all;
}
constexpr auto kSyllableTable = make_syllables();
constexpr std::size_t kMostWordBytes = 31;  // of any number of 64 bits, and the byte that is copied too much

// Returns the end of the word. REQUIRES: room for kMostWordBytes.
char* put_word(char* to, std::uint64_t number) noexcept {
  for (;;) {
    const Syllable& syllable = kSyllableTable[number % kSyllables];
    std::memcpy(to, syllable.letters.data(), syllable.letters.size());
    to += syllable.size;
    if (number < kSyllables) return to;
    number = number / kSyllables - 1;
  }
}

}  // namespace

std::optional<SampleKind> sample_kind(std::string_view name) {
  if (name == "text") return SampleKind::Text;
  if (name == "words") return SampleKind::Words;
  if (name == "records") return SampleKind::Records;
  if (name == "table") return SampleKind::Table;
  return std::nullopt;
}

std::uint64_t default_distinct(SampleKind kind) {
  switch (kind) {
    case SampleKind::Text:
      return 1'000'000;
    case SampleKind::Words:
      return 20'000'000;
    case SampleKind::Table:
      return 100'000;
    case SampleKind::Records:
      break;
  }
  return 0;
}

std::uint64_t most_distinct(SampleKind kind) {
  return kind == SampleKind::Text ? kMostZipfWords : kMostDistinct;
}

// Vose's alias method on integer weights: every slot has the same share, one part of it the slot's own, the
// rest that of one other number that has more than a share.
ZipfTable::ZipfTable(std::uint64_t distinct) : slots_(distinct) {
  assert(distinct > 0 && distinct <= kMostZipfWords);
  constexpr std::uint64_t kScale = std::uint64_t{1} << 32;
  std::vector<std::uint64_t> weights(distinct);
  std::uint64_t share = 0;  // the sum of the weights: each is taken `distinct` times, so this is a share
  for (std::uint64_t k = 0; k < distinct; ++k) share += weights[k] = kScale / (k + 1);
  for (std::uint64_t& weight : weights) weight *= distinct;
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint64_t k = 0; k < distinct; ++k) {
    (weights[k] < share ? small : large).push_back(static_cast<std::uint32_t>(k));
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t low = small.back();
    const std::uint32_t high = large.back();
    small.pop_back();
    __extension__ using Wide = unsigned __int128;
    slots_[low] = {static_cast<std::uint32_t>((static_cast<Wide>(weights[low]) << 32) / share), high};
    weights[high] -= share - weights[low];
    if (weights[high] < share) {
      large.pop_back();
      small.push_back(high);
    }
  }
  // What is left has exactly a share.
  for (const auto& left : {small, large}) {
    for (const std::uint32_t k : left) slots_[k] = {UINT32_MAX, k};
  }
}

void append_word(std::string& out, std::uint64_t number) {
  std::array<char, kMostWordBytes> word;
  out.append(word.data(), put_word(word.data(), number));
}

SampleStream::SampleStream(const SampleSpec& spec) : spec_(spec) {
  if (spec_.distinct == 0) spec_.distinct = default_distinct(spec_.kind);
  assert(spec_.distinct <= most_distinct(spec_.kind));
  if (spec_.kind == SampleKind::Text) zipf_.emplace(spec_.distinct);
  begin({});
}

void SampleStream::begin(const SampleShare& share) {
  share_ = share;
  state_ = mix(spec_.seed + mix(share.part * kStep + 1));
  lines_ = 0;
  bytes_ = 0;
  picks_.clear();
  picked_ = 0;
}

std::uint64_t SampleStream::random() noexcept {
  return mix(state_ += kStep);
}

std::uint64_t SampleStream::below(std::uint64_t bound) noexcept {
  return scale(random(), bound);
}

bool SampleStream::next(std::string& out, std::size_t piece_bytes) {
  const std::size_t enough = out.size() + piece_bytes;
  while (out.size() < enough) {
    if (lines_ == share_.most_lines) return false;
    const std::size_t before = out.size();
    append_line(out);
    const std::uint64_t size = out.size() - before;
    if (size > share_.most_bytes - bytes_) {
      out.resize(before);
      share_.most_lines = lines_;  // a shorter line might fit: the data ends here all the same
      return false;
    }
    bytes_ += size;
    ++lines_;
  }
  return true;
}

void SampleStream::append_line(std::string& out) {
  switch (spec_.kind) {
    case SampleKind::Text:
    case SampleKind::Words:
      append_words(out);
      break;
    case SampleKind::Records:
      append_record(out);
      break;
    case SampleKind::Table:
      append_row(out);
      break;
  }
  out += '\n';
}

// Many are picked at once, so that the waits for the table overlap.
std::uint64_t SampleStream::next_pick() {
  if (picked_ == picks_.size()) {
    picks_.resize(kPicks);
    for (std::uint64_t& pick : picks_) pick = zipf_->pick(random());
    picked_ = 0;
  }
  return picks_[picked_++];
}

void SampleStream::append_words(std::string& out) {
  const std::uint64_t words = kFewestWords + below(kMostWords - kFewestWords + 1);
  std::array<char, kMostWords*(kMostWordBytes + 1)> line;
  char* end = line.data();
  for (std::uint64_t i = 0; i < words; ++i) {
    end = put_word(end, zipf_ ? next_pick() : below(spec_.distinct));
    *end++ = ' ';
  }
  out.append(line.data(), end - 1);
}

void SampleStream::append_record(std::string& out) {
  constexpr std::uint64_t kCharacters = 94;  // of ASCII from '!' to '~'
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::uint64_t source = spec_.distinct == 0 ? random() : mix(below(spec_.distinct) * kStep + 1);
  std::array<std::uint64_t, 2> halves{source, mix(source + kStep)};
  for (std::size_t i = 0; i < kKeyBytes; ++i) {
    std::uint64_t& half = halves[i % 2];
    out += static_cast<char>('!' + scale(half, kCharacters));
    half *= kCharacters;
  }
  out += ' ';
  const std::uint64_t number = share_.first_line + lines_;
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[number >> shift & 15];
  out += ' ';
  std::uint64_t letters = 0;
  for (std::size_t i = 0; i < kPayloadLetters; ++i) {
    if (i % 16 == 0) letters = random();
    out += static_cast<char>('A' + (letters & 15));
    letters >>= 4;
  }
}

void SampleStream::append_row(std::string& out) {
  append_word(out, below(spec_.distinct));
  out += '\t';
  const std::uint64_t drawn = below(2 * kMostHundredths + 1);
  const bool negative = drawn < kMostHundredths;
  const std::uint64_t value = negative ? kMostHundredths - drawn : drawn - kMostHundredths;
  if (negative) out += '-';
  out += std::to_string(value / 100);
  out += '.';
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

}  // namespace thresh
