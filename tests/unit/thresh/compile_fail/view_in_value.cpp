// EXPECT: thresh: a value with a pointer or a view in it (for clang, a bit-field) cannot travel between ranks
#include "job.hpp"
struct Place {
  std::string_view path;
  std::uint64_t line = 0;
};
struct Job : RightJob {
  using Value = Place;
  void map(const thresh::Line& line, auto& emit) const { emit(line.text, Place{line.text, 1}); }
  void reduce(std::string_view, thresh::Values<Place>&, auto&) const {}
};
THRESH_JOB(Job);
