// Counts words.
#include <cstdint>
#include <string>
#include <string_view>

#include "thresh/job.hpp"

namespace {

struct WordCount {
  using Key = std::string;
  using Value = std::uint64_t;
  static constexpr thresh::JobInfo info{"wordcount", "1", "counts how often each word occurs",
                                        "A record is a line of text. Words are separated by white space: "
                                        "space, TAB, LF, VT, FF, CR. Any other\n"
                                        "byte is part of a word; upper and lower case differ.\n"
                                        "A line of output is a word and how often it occurs."};

  void map(const thresh::Line& line, auto& emit) const {
    thresh::for_each_word(line.text, [&emit](std::string_view word) { emit(word, 1); });
  }
  static Value combine(Value a, Value b) { return a + b; }
  static std::uint64_t weight(const Value& count) { return count; }
  void reduce(std::string_view word, thresh::Values<Value>& counts, auto& out) const {
    Value total = 0;
    for (const Value count : counts) total += count;
    out(word, total);
  }
};

THRESH_JOB(WordCount);

}  // namespace
