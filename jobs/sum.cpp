// Adds up decimal numbers by category, exactly.
#include <cstdint>
#include <string>
#include <string_view>

#include "thresh/decimal.hpp"
#include "thresh/job.hpp"

namespace {

struct Total {
  thresh::DecimalSum sum;
  std::uint64_t count = 0;
};

void to_text(std::string& out, const Total& total) {
  to_text(out, total.sum);
  out.push_back('\t');
  thresh::to_text(out, total.count);
}

struct Sum {
  using Key = std::string;
  using Value = Total;
  static constexpr thresh::JobInfo info{
      "sum", "2", "adds up numbers by category, exactly",
      "A record is a line `category TAB number`. The category is all before the first TAB; the number is an\n"
      "optional sign, digits, and optionally a point with up to 18 digits, below 1.7e20. Empty lines are "
      "skipped\n"
      "and counted (empty_lines).\n"
      "A line of output is `category TAB sum TAB count`, the sum with as many digits after the point as the\n"
      "longest of its numbers has. A sum of 1.7e20 or more is an error. --top ranks by the sum."};

  void map(const thresh::Line& line, auto& emit) const {
    if (line.text.empty()) {
      emit.count("empty_lines");
      return;
    }
    const std::size_t tab = thresh::find_byte(line.text, '\t');
    if (tab == std::string_view::npos) throw thresh::BadRecord("no TAB in " + thresh::quoted(line.text));
    std::string_view number = line.text;  // substr would look at the size again
    number.remove_prefix(tab + 1);
    emit(std::string_view(line.text.data(), tab),
         Total{thresh::DecimalSum(thresh::Decimal::parse(number)), 1});
  }
  static Total combine(Total a, Total b) {
    a.sum += b.sum;
    a.count += b.count;
    return a;
  }
  static std::uint64_t weight(const Total& total) {
    return total.sum.low_bits() + 0x9e3779b97f4a7c15U * total.count;
  }
  static thresh::Decimal rank(const Total& total) { return total.sum.total(); }
  void reduce(std::string_view category, thresh::Values<Total>& totals, auto& out) const {
    Total all;
    for (const Total& total : totals) all = combine(all, total);
    out(category, all);
  }
};

THRESH_JOB(Sum);

}  // namespace
