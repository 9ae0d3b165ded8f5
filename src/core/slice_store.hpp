// Where rows go that do not fit in memory. What it is made of is not the core's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "thresh/errors.hpp"

namespace thresh {

// The store cannot take rows, or give them back.
struct StoreFailed : Error {
  using Error::Error;
};

class SliceStore {
 public:
  virtual ~SliceStore() = default;
  // Writes the pieces one behind the other; returns where the first begins. Throws StoreFailed.
  virtual std::uint64_t append(const std::vector<std::string_view>& pieces) = 0;
  // REQUIRES: these bytes were appended and not released. May be called by any thread, beside the other
  // functions. Throws StoreFailed.
  virtual void read(std::uint64_t offset, char* to, std::size_t size) const = 0;
  // These bytes are not needed any more.
  virtual void release(std::uint64_t offset, std::uint64_t size) noexcept = 0;
};

}  // namespace thresh
