// What the fuzz targets have in common. A target refuses bytes with the error that its reader documents, or
// takes them; anything else that is thrown, and any broken promise, ends the process, which libFuzzer
// reports.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "support/temporary.hpp"
#include "thresh/errors.hpp"

namespace thresh::test {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// A promise that the reader makes about what it took.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Whether `read` took its bytes. The only way to refuse them is Error with this code; one that is about a
// file names it.
template <class Read>
bool takes(ExitCode code, const std::string& path, Read&& read) {
  try {
    read();
    return true;
  } catch (const Error& error) {
    must(error.code() == code, error.what());
    must(std::string_view(error.what()).find(path) != std::string_view::npos, "the error names the file");
    return false;
  }
}

// For the files of this process.
inline const std::string& scratch() {
  static const TemporaryDirectory directory;
  return directory.path();
}

}  // namespace thresh::test
