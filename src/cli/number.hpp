// Numbers with a unit, as a user writes them: "64M", "0.3s".
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace thresh::cli {

// What is wrong with the value of an option, to be read after the value: "is negative".
class BadValue : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// A decimal number without sign or exponent, and what follows it.
struct Quantity {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;  // of `scale`
  std::uint64_t scale = 1;     // a power of ten
  std::string_view unit;       // the rest of the text; may be empty
};

// Throws BadValue with `hint` if text does not begin with a number, and for numbers below zero, past 2^64 or
// with more than nine digits after the point.
Quantity read_quantity(std::string_view text, std::string_view hint);

// number * unit, rounded down. Throws BadValue if it exceeds `limit`.
std::uint64_t scaled(const Quantity& number, std::uint64_t unit, std::uint64_t limit);

// A whole number from `least` to `most`; throws BadValue.
std::uint64_t parse_count(std::string_view text, std::uint64_t least, std::uint64_t most);

}  // namespace thresh::cli
