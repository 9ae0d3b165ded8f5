#include "schedule/graph.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schedule/job_graph.hpp"
#include "support/catch.hpp"
#include "thresh/errors.hpp"

namespace {

using namespace thresh;
using namespace thresh::schedule;

class NamedNode : public Node {
 public:
  NamedNode(std::string name, std::vector<Action> actions)
      : name_(std::move(name)), actions_(std::move(actions)) {}
  std::string name() const override { return name_; }
  std::vector<Action> actions() const override { return actions_; }
  std::unique_ptr<Machine> prep(Job&) override { return nullptr; }

 private:
  std::string name_;
  std::vector<Action> actions_;
};

using Named = std::vector<std::pair<std::string, std::vector<Action>>>;

// What the graph says against being built; empty if it lets itself be.
std::string objection(const Named& named, const std::vector<Edge>& edges) {
  std::vector<std::unique_ptr<Node>> nodes;
  for (const auto& [name, actions] : named) nodes.push_back(std::make_unique<NamedNode>(name, actions));
  try {
    const Graph graph(std::move(nodes), edges);
    return "";
  } catch (const Error& error) {
    REQUIRE(error.code() == ExitCode::Internal);
    return error.what();
  }
}

const Named good_nodes = {{"map", {Action::Mapped, Action::Lost}}, {"end", {}}};
const std::vector<Edge> good_edges = {{"map", Action::Mapped, "end"}, {"map", Action::Lost, "map"}};

TEST_CASE("a graph in which every action leads somewhere is built") {
  REQUIRE(objection(good_nodes, good_edges).empty());
}

TEST_CASE("a graph with an action that leads nowhere is refused") {
  REQUIRE(objection(good_nodes, {good_edges[0]}) == "job graph: 'map' --lost--> leads nowhere");
}

TEST_CASE("a graph with a node that cannot be reached is refused") {
  Named nodes = good_nodes;
  nodes.push_back({"island", {}});
  REQUIRE(objection(nodes, good_edges) == "job graph: 'island' cannot be reached");
}

TEST_CASE("a graph with two edges for one action is refused") {
  std::vector<Edge> edges = good_edges;
  edges.push_back({"map", Action::Mapped, "map"});
  REQUIRE(objection(good_nodes, edges) == "job graph: 'map' --mapped--> is given twice");
}

TEST_CASE("a graph with an edge for an action that its node cannot return is refused") {
  std::vector<Edge> edges = good_edges;
  edges.push_back({"map", Action::Reduced, "end"});
  REQUIRE(objection(good_nodes, edges) ==
          "job graph: 'map' --reduced-->: the node cannot return that action");
}

TEST_CASE("a graph with an edge to a node that does not exist is refused") {
  REQUIRE(objection(good_nodes, {good_edges[0], {"map", Action::Lost, "recover"}}) ==
          "job graph: there is no node 'recover'");
}

TEST_CASE("a graph with two nodes of one name is refused") {
  Named nodes = good_nodes;
  nodes.push_back({"end", {}});
  REQUIRE(objection(nodes, good_edges) == "job graph: two nodes are named 'end'");
}

TEST_CASE("a graph without an end is refused") {
  REQUIRE(objection({{"map", {Action::Lost}}}, {{"map", Action::Lost, "map"}}) ==
          "job graph: no node to end at");
}

TEST_CASE("an empty graph is refused") {
  REQUIRE(objection({}, {}) == "job graph: no nodes");
}

TEST_CASE("the job graph is built, and is refused without any one of its edges") {
  REQUIRE(job_graph().first().name() == "partition");
  const std::vector<Edge> edges = job_edges();
  for (std::size_t left_out = 0; left_out < edges.size(); ++left_out) {
    std::vector<Edge> fewer = edges;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(left_out));
    REQUIRE_THROWS_AS(Graph(job_nodes(), fewer), Error);
  }
}

TEST_CASE("every phase of the job graph leads to recovery when a worker is lost") {
  const Graph graph = job_graph();
  for (const auto& node : graph.nodes()) {
    if (node->actions().empty()) continue;
    REQUIRE(graph.next(*node, Action::Lost).name() == "recover");
    REQUIRE(graph.next(*node, Action::Failed).name() == "fail");
  }
}

}  // namespace
