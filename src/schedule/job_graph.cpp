#include "schedule/job_graph.hpp"

#include <utility>

#include "schedule/data_partitioner.hpp"
#include "schedule/drive.hpp"
#include "schedule/farewell.hpp"
#include "schedule/map_coordinator.hpp"
#include "schedule/node.hpp"
#include "schedule/recovery.hpp"
#include "schedule/reduce_coordinator.hpp"
#include "schedule/result_aggregator.hpp"
#include "schedule/shuffle.hpp"
#include "schedule/split_planner.hpp"

namespace thresh::schedule {
namespace {

std::unique_ptr<Node> metered(std::unique_ptr<Node> node) {
  return std::make_unique<Metered>(std::move(node));
}

std::unique_ptr<Node> validated(std::unique_ptr<Node> node, Check before, Check after) {
  return std::make_unique<Validated>(std::move(node), std::move(before), std::move(after));
}

}  // namespace

std::vector<std::unique_ptr<Node>> job_nodes() {
  std::vector<std::unique_ptr<Node>> nodes;
  nodes.push_back(validated(metered(std::make_unique<DataPartitioner>()), {},
                            [](const Job& job) { return check_splits(job.plan); }));
  nodes.push_back(metered(std::make_unique<MapCoordinator>()));
  nodes.push_back(metered(std::make_unique<Shuffle>()));
  nodes.push_back(metered(std::make_unique<ReduceCoordinator>()));
  nodes.push_back(validated(metered(std::make_unique<ResultAggregator>()), check_ledger, {}));
  nodes.push_back(metered(std::make_unique<Recovery>()));
  nodes.push_back(std::make_unique<EndNode>());
  nodes.push_back(std::make_unique<FailNode>());
  return nodes;
}

std::vector<Edge> job_edges() {
  return {
      {"partition", Action::Partitioned, "map"},     {"map", Action::Mapped, "shuffle"},
      {"shuffle", Action::Shuffled, "reduce"},       {"reduce", Action::NextWave, "shuffle"},
      {"reduce", Action::Reduced, "aggregate"},      {"aggregate", Action::Published, "end"},
      {"partition", Action::AlreadyComplete, "end"},

      {"partition", Action::Lost, "recover"},        {"map", Action::Lost, "recover"},
      {"shuffle", Action::Lost, "recover"},          {"reduce", Action::Lost, "recover"},
      {"aggregate", Action::Lost, "recover"},        {"recover", Action::Lost, "recover"},
      {"recover", Action::Recovered, "map"},         {"recover", Action::GivenUp, "fail"},

      {"partition", Action::Failed, "fail"},         {"map", Action::Failed, "fail"},
      {"shuffle", Action::Failed, "fail"},           {"reduce", Action::Failed, "fail"},
      {"aggregate", Action::Failed, "fail"},         {"recover", Action::Failed, "fail"},
  };
}

Graph job_graph() {
  return Graph(job_nodes(), job_edges());
}

JobEnd run_job(Job& job, Port& port) {
  const Graph graph = job_graph();
  Node* node = &graph.first();
  Action action = Action::Failed;
  while (true) {
    job.phase = node->name();
    const std::unique_ptr<Machine> machine = node->prep(job);
    drive(*machine, job, port);
    if (node->actions().empty()) return JobEnd{action, job.failure};
    action = node->post(job, *machine);
    node = &graph.next(*node, action);
  }
}

}  // namespace thresh::schedule
