// The job graph: nodes, and edges labelled with the action that takes them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/machine.hpp"
#include "schedule/node.hpp"

namespace thresh::schedule {

struct Edge {
  std::string from;
  Action action = Action::Failed;
  std::string to;
};

// Immutable once built. The first node is where a walk begins; a node without actions is where it ends.
class Graph {
 public:
  // Throws Error{Internal} naming the fault: two nodes of one name, an edge from or to no node, an edge for
  // an action that its node cannot return, two edges for one action, an action that leads nowhere, a node
  // that cannot be reached, no node to end at.
  Graph(std::vector<std::unique_ptr<Node>> nodes, const std::vector<Edge>& edges);

  Node& first() const noexcept { return *nodes_.front(); }
  // Where `action` leads from `node`. REQUIRES: node.actions() contains it.
  Node& next(const Node& node, Action action) const;
  // In the order given; for documentation and tests.
  const std::vector<std::unique_ptr<Node>>& nodes() const noexcept { return nodes_; }

 private:
  Node& find(const std::string& name) const;
  void add(const Edge& edge);
  void check_complete() const;
  void check_reachable() const;

  std::vector<std::unique_ptr<Node>> nodes_;
  std::map<std::pair<std::string, Action>, Node*> edges_;
};

}  // namespace thresh::schedule
