// The graph of a job, and the walk along it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "schedule/graph.hpp"
#include "schedule/job.hpp"
#include "schedule/machine.hpp"

namespace thresh::schedule {

std::vector<std::unique_ptr<Node>> job_nodes();
std::vector<Edge> job_edges();
Graph job_graph();

// How a job ended: the action that led to "end" (Published, AlreadyComplete) or to "fail" (Failed, GivenUp;
// then `failure` says why).
struct JobEnd {
  Action action = Action::Failed;
  std::optional<Failure> failure;
};

// Walks the graph from "partition" to "end" or "fail". REQUIRES: the job's pool, options and policy are set.
JobEnd run_job(Job& job, Port& port);

}  // namespace thresh::schedule
