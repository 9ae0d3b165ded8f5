// What a call threw.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace thresh::test {

// The words of the std::exception that `call` throws; empty if it throws none.
template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace thresh::test
