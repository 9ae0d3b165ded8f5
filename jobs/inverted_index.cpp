// Lists where each word occurs.
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "thresh/job.hpp"

namespace {

// Writes `path:line`. A place has no white space in it, and its last colon is the one before the line.
class PlaceText {
 public:
  std::string_view of(const thresh::Location& place) {
    if (path_ != place.path) {
      path_ = place.path;
      text_.clear();
      for (const char c : place.path) append_escaped(c);
      text_.push_back(':');
      path_size_ = text_.size();
    }
    text_.resize(path_size_);
    thresh::to_text(text_, place.line);
    return text_;
  }

 private:
  void append_escaped(char c) {
    switch (c) {
      case ' ':
        text_.append("\\s");
        break;
      case '\t':
        text_.append("\\t");
        break;
      case '\n':
        text_.append("\\n");
        break;
      case '\v':
        text_.append("\\v");
        break;
      case '\f':
        text_.append("\\f");
        break;
      case '\r':
        text_.append("\\r");
        break;
      case '\\':
        text_.append("\\\\");
        break;
      default:
        text_.push_back(c);
    }
  }

  std::optional<std::string_view> path_;
  std::string text_;
  std::size_t path_size_ = 0;
};

struct InvertedIndex {
  using Key = std::string;
  using Value = thresh::RecordId;
  static constexpr bool uses_locations = true;
  static constexpr thresh::JobInfo info{
      "inverted-index", "1", "lists the files and lines in which each word occurs",
      "A record is a line of text; words are those of wordcount.\n"
      "A line of output is `word TAB path:line path:line ...`, by path and line; a line in which the word "
      "occurs\n"
      "twice is listed once. In a path, white space and backslashes are written \\s (space) \\t \\n \\v \\f "
      "\\r \\\\, so\n"
      "places can be told apart at spaces. --top ranks by the number of places."};

  void map(const thresh::Line& line, auto& emit) const {
    thresh::for_each_word(line.text, [&](std::string_view word) { emit(word, line.id); });
  }
  void reduce(std::string_view word, thresh::Values<thresh::RecordId>& ids, auto& out) const {
    PlaceText text;
    std::optional<thresh::RecordId> last;
    std::uint64_t places = 0;
    out.begin(word);
    for (const thresh::RecordId& id : ids) {
      if (id == last) continue;
      last = id;
      if (places++ > 0) out.append(" ");
      out.append(text.of(out.locate(id)));
    }
    out.end(places);
  }
};

THRESH_JOB(InvertedIndex);

}  // namespace
