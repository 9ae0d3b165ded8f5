#include "schedule/graph.hpp"

#include <algorithm>
#include <set>

#include "thresh/errors.hpp"

namespace thresh::schedule {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ExitCode::Internal, "job graph: " + what);
}

std::string label(const std::string& node, Action action) {
  return "'" + node + "' --" + std::string(action_name(action)) + "-->";
}

bool can_return(const Node& node, Action action) {
  const std::vector<Action> actions = node.actions();
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

}  // namespace

Graph::Graph(std::vector<std::unique_ptr<Node>> nodes, const std::vector<Edge>& edges)
    : nodes_(std::move(nodes)) {
  if (nodes_.empty()) refuse("no nodes");
  std::set<std::string> names;
  for (const auto& node : nodes_) {
    if (!names.insert(node->name()).second) refuse("two nodes are named '" + node->name() + "'");
  }
  for (const Edge& edge : edges) add(edge);
  check_complete();
  check_reachable();
}

Node& Graph::next(const Node& node, Action action) const {
  const auto at = edges_.find({node.name(), action});
  if (at == edges_.end()) refuse(label(node.name(), action) + " leads nowhere");
  return *at->second;
}

Node& Graph::find(const std::string& name) const {
  for (const auto& node : nodes_) {
    if (node->name() == name) return *node;
  }
  refuse("there is no node '" + name + "'");
}

void Graph::add(const Edge& edge) {
  const Node& from = find(edge.from);
  Node& to = find(edge.to);
  if (!can_return(from, edge.action))
    refuse(label(edge.from, edge.action) + ": the node cannot return that action");
  if (!edges_.emplace(std::pair{edge.from, edge.action}, &to).second) {
    refuse(label(edge.from, edge.action) + " is given twice");
  }
}

void Graph::check_complete() const {
  bool has_end = false;
  for (const auto& node : nodes_) {
    has_end = has_end || node->actions().empty();
    for (const Action action : node->actions()) next(*node, action);
  }
  if (!has_end) refuse("no node to end at");
}

void Graph::check_reachable() const {
  std::set<std::string> reached{first().name()};
  std::vector<const Node*> open{&first()};
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    for (const Action action : node->actions()) {
      const Node& to = next(*node, action);
      if (reached.insert(to.name()).second) open.push_back(&to);
    }
  }
  for (const auto& node : nodes_) {
    if (!reached.contains(node->name())) refuse("'" + node->name() + "' cannot be reached");
  }
}

}  // namespace thresh::schedule
