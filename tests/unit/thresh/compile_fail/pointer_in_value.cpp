// EXPECT: thresh: a value with a pointer in it cannot travel between ranks
#include "job.hpp"
struct Node {
  std::string name;
  Node* next = nullptr;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& name& next;
  }
};
struct Job : RightJob {
  using Value = Node;
  void map(const thresh::Line& line, auto& emit) const { emit(line.text, Node{}); }
  void reduce(std::string_view, thresh::Values<Node>&, auto&) const {}
};
THRESH_JOB(Job);
