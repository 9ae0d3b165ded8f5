// A property that does not hold fails the test: rc::check alone only returns false.
#pragma once

#include <rapidcheck.h>

#include <string>
#include <utility>

#include "support/catch.hpp"

namespace thresh::test {

template <typename Property>
void holds(const std::string& description, Property&& property) {
  REQUIRE(rc::check(description, std::forward<Property>(property)));
}
template <typename Property>
void holds(Property&& property) {
  holds("", std::forward<Property>(property));
}

}  // namespace thresh::test
