// Cuts the space of keys into 16 ranges of about equally many, so that what is sorted range by range is
// sorted.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/row.hpp"

namespace thresh {

// A place among keys, which begin alike where they are addresses, paths or times. Borrows the text.
class KeyLimit {
 public:
  // Before all keys.
  KeyLimit() = default;
  explicit KeyLimit(std::string_view text) noexcept : prefix_(key_prefix(text)), text_(text) {}
  // Behind all keys.
  static KeyLimit end() noexcept {
    KeyLimit limit;
    limit.prefix_ = UINT64_MAX;
    limit.end_ = true;
    return limit;
  }

  // Whether it is behind the key; `prefix`: of the key.
  bool is_behind(std::uint64_t prefix, std::string_view key) const noexcept {
    return prefix < prefix_ || end_ || (prefix == prefix_ && key < text_);
  }
  std::string_view text() const noexcept { return text_; }
  // Keys with a smaller one are before it, with a greater one behind.
  std::uint64_t prefix() const noexcept { return prefix_; }
  bool operator<(const KeyLimit& other) const noexcept {
    if (end_ || other.end_) return other.end_ && !end_;
    return prefix_ != other.prefix_ ? prefix_ < other.prefix_ : text_ < other.text_;
  }

 private:
  std::uint64_t prefix_ = 0;
  std::string_view text_;
  bool end_ = false;
};

// The same as it travels: cut to what there is room for, so it may be a little in front of where it was.
class KeyBound {
 public:
  static constexpr std::size_t kMostBytes = 47;

  KeyBound() = default;
  explicit KeyBound(std::string_view text) noexcept
      : size_(static_cast<std::uint8_t>(std::min(text.size(), kMostBytes))) {
    std::copy_n(text.data(), size_, text_);
  }
  static KeyBound end() noexcept {
    KeyBound bound;
    bound.size_ = kEnd;
    return bound;
  }

  bool is_end() const noexcept { return size_ == kEnd; }
  // If so, keys of the range before may begin with it.
  bool may_be_cut() const noexcept { return size_ == kMostBytes; }
  // Borrows this. Whatever came, it is a limit.
  KeyLimit limit() const noexcept {
    return is_end() ? KeyLimit::end()
                    : KeyLimit(std::string_view(text_, std::min<std::size_t>(size_, kMostBytes)));
  }
  bool operator==(const KeyBound&) const = default;

 private:
  static constexpr std::uint8_t kEnd = 255;

  char text_[kMostBytes] = {};
  std::uint8_t size_ = 0;
};
static_assert(sizeof(KeyBound) == 48, "it travels as it lies in memory");

// Some keys of a sequence of unknown length, evenly spread. Borrows them.
class KeySample {
 public:
  explicit KeySample(std::size_t most) : most_(most) {}

  void add(std::string_view key) {
    ++seen_;
    if (--until_next_ > 0) return;
    keys_.emplace_back(key);
    if (keys_.size() == most_) {
      for (std::size_t i = 0; i < most_ / 2; ++i) keys_[i] = keys_[2 * i];
      keys_.resize(most_ / 2);
      step_ *= 2;
    }
    until_next_ = step_;
  }
  std::uint64_t seen() const noexcept { return seen_; }
  std::vector<KeyLimit> sorted() && {
    std::sort(keys_.begin(), keys_.end());
    return std::move(keys_);
  }

 private:
  std::size_t most_;
  std::vector<KeyLimit> keys_;
  std::uint64_t seen_ = 0;
  std::uint64_t step_ = 1;
  std::uint64_t until_next_ = 1;
};

class KeyRanges {
 public:
  static constexpr std::size_t kRanges = 16;

  // Until cut() all keys are in the last range.
  KeyRanges() {
    std::fill(prefixes_.begin() + kRanges, prefixes_.end(), UINT64_MAX);
    cells_.fill(kRanges - 1);
  }
  void cut(KeySample sample) {
    const std::vector<KeyLimit> keys = std::move(sample).sorted();
    if (keys.empty()) return;
    for (std::size_t i = 1; i < kRanges; ++i) {
      texts_[i] = keys[i * keys.size() / kRanges].text().substr(0, kMostBytes);
    }
    const std::string& first = texts_[1];
    const std::string& last = texts_.back();
    const auto [differs, ignored] = std::mismatch(first.begin(), first.end(), last.begin(), last.end());
    common_.assign(first.begin(), differs);
    if (common_.size() < kFewCommon) common_.clear();
    for (std::size_t i = 1; i < kRanges; ++i) {
      prefixes_[i] = key_prefix(std::string_view(texts_[i]).substr(common_.size()));
    }
    fill_cells();
  }
  // Where a range begins: a key, or what it begins with. Lives until cut().
  std::string_view begin(std::size_t range) const noexcept { return texts_[range]; }
  // `prefix`: of the key.
  [[gnu::always_inline]] std::size_t of(std::uint64_t prefix, std::string_view key) const {
    if (!common_.empty()) [[unlikely]] {
      const int order = key.substr(0, common_.size()).compare(common_);
      if (order != 0) return order < 0 ? 0 : kRanges - 1;
      prefix = key_prefix(key.substr(common_.size()));
    }
    std::size_t at = cells_[cell_of(prefix)];
    at += prefix >= prefixes_[at + 1] ? 1 : 0;
    // A compiler that sees how it came about makes branches of it: 0.84 to 1.24 s to map 19 million words.
    __asm__("" : "+r"(at));
    if (prefix <= prefixes_[at] || prefix >= prefixes_[at + 1]) [[unlikely]]
      return search(prefix, key);
    return at;
  }

 private:
  // Where to look: by the bits behind those in which the begins of all ranges are alike. Hardly any cell has
  // the begins of two ranges. What it says is checked, as prefixes may differ before. Mapping many distinct
  // words, ns a word: 17.4 with a binary search for each, 16.6 so.
  static constexpr unsigned kCellBits = 12;

  std::size_t cell_of(std::uint64_t prefix) const noexcept {
    return static_cast<std::size_t>(prefix << common_bits_ >> (64 - kCellBits));
  }
  void fill_cells() {
    const std::uint64_t differing = prefixes_[1] ^ prefixes_[kRanges - 1];
    common_bits_ = differing == 0 ? 0 : static_cast<unsigned>(std::countl_zero(differing));
    std::size_t next = 0;
    for (std::size_t i = 1; i < kRanges; ++i) {
      for (; next <= cell_of(prefixes_[i]); ++next) cells_[next] = static_cast<std::uint8_t>(i - 1);
    }
    for (; next < cells_.size(); ++next) cells_[next] = kRanges - 1;
  }
  // A binary search without branches, as far as the prefix tells.
  [[gnu::noinline]] std::size_t search(std::uint64_t prefix, std::string_view key) const {
    std::size_t at = 0;
    at += prefix >= prefixes_[8] ? 8 : 0;
    at += prefix >= prefixes_[at + 4] ? 4 : 0;
    at += prefix >= prefixes_[at + 2] ? 2 : 0;
    at += prefix >= prefixes_[at + 1] ? 1 : 0;
    return prefixes_[at] == prefix ? of_alike(at, prefix, key) : at;
  }
  // Of the ranges up to `at`, some of which begin with the prefix.
  std::size_t of_alike(std::size_t at, std::uint64_t prefix, std::string_view key) const {
    const auto first =
        std::lower_bound(prefixes_.begin() + 1, prefixes_.begin() + kRanges, prefix) - prefixes_.begin();
    const auto end = texts_.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    return static_cast<std::size_t>(std::upper_bound(texts_.begin() + first, end, key) - texts_.begin()) - 1;
  }

  static constexpr std::size_t kMostBytes = 512;  // of a key count: a record may be one of a GiB
  // So few bytes leave enough of the prefix.
  static constexpr std::size_t kFewCommon = 4;

  // Where the ranges begin. The first one begins before all keys.
  std::array<std::string, kRanges> texts_;
  std::string common_;                                 // all of these but the first begin with it
  std::array<std::uint64_t, kRanges + 2> prefixes_{};  // of what comes behind that, and two ends
  unsigned common_bits_ = 0;
  std::array<std::uint8_t, 1 << kCellBits> cells_;  // the last range that begins in a cell before
};

}  // namespace thresh
