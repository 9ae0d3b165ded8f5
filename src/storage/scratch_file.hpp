// Rows that do not fit in memory: one file a worker that has no name, so the kernel removes it whatever ends
// the worker. Nothing in it outlives the process, so nothing is made durable; that bytes come back as they
// were written is for the ledger to check.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice_store.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {

// Grows at its end; what is released becomes a hole, if the file system can do that.
class ScratchFile final : public SliceStore {
 public:
  explicit ScratchFile(std::string directory) : directory_(std::move(directory)) {}

  const std::string& directory() const noexcept { return directory_; }
  // Makes the file, if it is not there yet; append() does that too. Throws StoreFailed{CannotCreate} naming
  // the directory.
  void open();

  // Throw StoreFailed{Io} naming the directory and --scratch. What was appended in part counts as not
  // appended.
  std::uint64_t append(const std::vector<std::string_view>& pieces) override;
  void read(std::uint64_t offset, char* to, std::size_t size) const override;
  void release(std::uint64_t offset, std::uint64_t size) noexcept override;

 private:
  std::string directory_;
  Fd fd_;
  std::uint64_t end_ = 0;
  bool holes_ = true;  // the file system has them, as far as we know
};

}  // namespace thresh::storage
