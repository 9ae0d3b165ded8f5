#include "cli/launch_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "cli/number.hpp"
#include "cli/supervised_command.hpp"
#include "core/text.hpp"
#include "thresh/errors.hpp"

namespace thresh::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t kMostSlots = 1'000'000;
constexpr int kUlfmSince = 5;  // of Open MPI, and mpirun's daemons are those of PRRTE

void add(Words& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = std::min(text.find(at), text.size());
    pieces.push_back(text.substr(0, end));
    if (end == text.size()) return pieces;
    text.remove_prefix(end + 1);
  }
}

// Where the ranks are to be.
struct Place {
  explicit Place(const LaunchRequest& request, const MachineFacts& machine)
      : hosts(!request.hosts.empty() || !request.hostfile.empty() ? request.hosts : machine.nodes),
        hostfile(request.hostfile),
        alone(request.hosts.empty() && request.hostfile.empty() && !machine.allocation) {}

  // Ranks are dealt out to the hosts in turn: fewer ranks than slots are to use all of them.
  bool several() const {
    std::set<std::string_view> names;
    for (const LaunchHost& host : hosts) names.insert(host.name);
    return names.size() > 1 || !hostfile.empty();
  }
  bool named() const { return !hosts.empty() || !hostfile.empty(); }

  std::vector<LaunchHost> hosts;
  std::string hostfile;
  bool alone;  // on this machine
};

// mpirun would say so as well, at length, and a restart would not help.
void check_ranks(const LaunchRequest& request, const Place& place) {
  if (!request.ranks) {
    if (place.alone) throw Error(ExitCode::Usage, "how many ranks? thresh launch needs -np N here");
    return;
  }
  if (place.hosts.empty()) return;
  if (*request.ranks > slots_of(place.hosts)) {
    throw Error(ExitCode::Usage,
                fmt::format("option -np: {} ranks are more than the slots of {}; give more, as in {}, or "
                            "fewer ranks",
                            *request.ranks,
                            place.hostfile.empty() ? hosts_text(place.hosts) : printable(place.hostfile),
                            place.hostfile.empty() ? "--hosts NAME:SLOTS" : "NAME slots=SLOTS"));
  }
}

// docs/fault-tolerance.md says what for.
void add_fault_tolerance(Words& words, const Place& place) {
  add(words, {"--with-ft", "ulfm", "--mca", "pml", "ob1", "--mca", "coll", "^han", "--mca", "btl",
              "tcp,sm,self", "--mca", "async_mpi_finalize", "1"});
  // Without a host to talk to there may be no other network.
  if (place.alone) add(words, {"--mca", "btl_tcp_if_include", "lo"});
}

// Else mpirun waits for hours for a host that is cut off, and the job with it.
void add_keepalive(Words& words, const MpiFacts& mpi) {
  const std::string mca = mpi.open_mpi >= kUlfmSince ? "--prtemca" : "--mca";
  add(words, {mca, "oob_tcp_keepalive_time", "2", mca, "oob_tcp_keepalive_intvl", "1", mca,
              "oob_tcp_keepalive_probes", "3"});
}

}  // namespace

std::uint64_t slots_of(const std::vector<LaunchHost>& hosts) {
  std::uint64_t slots = 0;
  for (const LaunchHost& host : hosts) slots += host.slots;
  return slots;
}

bool survives_losses(const LaunchRequest& request, const MpiFacts& mpi) {
  return request.fault_tolerant && mpi.open_mpi >= kUlfmSince && mpi.ulfm;
}

Words launch_command(const LaunchRequest& request, const MpiFacts& mpi, const MachineFacts& machine) {
  const bool known = mpi.open_mpi > 0;
  if (!known && (!request.hosts.empty() || !request.hostfile.empty())) {
    throw Error(ExitCode::Config,
                mpi.mpirun +
                    " is not that of Open MPI, and how it takes hosts is not known: put its "
                    "command together and give it to thresh supervise");
  }
  const Place place(request, machine);
  check_ranks(request, place);
  Words words{mpi.mpirun};
  if (known && machine.root) add(words, {"--allow-run-as-root"});
  if (request.ranks) add(words, {"-np", std::to_string(*request.ranks)});
  if (known) {
    if (!place.hostfile.empty()) {
      add(words, {"--hostfile", place.hostfile});
    } else if (!place.hosts.empty()) {
      add(words, {"-H", hosts_text(place.hosts)});
    }
    if (place.several()) add(words, {"--map-by", "node"});
    // A rank more than there are cores is usual, as rank 0 only directs, and Open MPI 5 refuses to bind it.
    if (place.named()) add(words, {"--bind-to", "none"});
    if (place.alone && request.ranks > machine.cores) {
      add(words, {"--oversubscribe", "--mca", "mpi_yield_when_idle", "1"});
    }
    if (survives_losses(request, mpi)) add_fault_tolerance(words, place);
    if (!place.alone) add_keepalive(words, mpi);
  }
  words.insert(words.end(), request.program.begin(), request.program.end());
  return words;
}

Words question_to(const LaunchHost& host, const LaunchRequest& request, const MpiFacts& mpi,
                  const MachineFacts& machine) {
  LaunchRequest question;
  question.ranks = 1;
  question.hosts = {{host.name, 1}};
  question.fault_tolerant = false;
  question.program = {request.program.front(), "--version"};
  return launch_command(question, mpi, machine);
}

LaunchRequest moved_to(std::vector<LaunchHost> hosts, const LaunchRequest& request) {
  LaunchRequest moved = request;
  const std::uint64_t slots = slots_of(hosts);
  const std::uint64_t before = request.ranks.value_or(slots_of(request.hosts));
  moved.hosts = std::move(hosts);
  moved.hostfile.clear();
  if (request.ranks) moved.ranks = std::min(before, slots);
  if (slots < before) moved.program = without_spares(request.program);
  return moved;
}

std::string hosts_text(const std::vector<LaunchHost>& hosts) {
  std::string text;
  for (const LaunchHost& host : hosts) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", host.name, host.slots);
  }
  return text;
}

std::vector<LaunchHost> parse_hosts(std::string_view text) {
  std::vector<LaunchHost> hosts;
  for (const std::string_view piece : split(text, ',')) {
    const std::size_t colon = std::min(piece.find(':'), piece.size());
    LaunchHost host{std::string(piece.substr(0, colon)), 1};
    if (host.name.empty() || host.name.find_first_of(" \t") != std::string::npos) {
      throw BadValue("is not a list of hosts and their slots, as in node1:8,node2:8");
    }
    if (colon != piece.size()) {
      try {
        host.slots = parse_count(piece.substr(colon + 1), 1, kMostSlots);
      } catch (const BadValue& bad) {
        throw BadValue(fmt::format("is no list like node1:8,node2:8: the slots of {}: '{}' {}", host.name,
                                   piece.substr(colon + 1), bad.what()));
      }
    }
    hosts.push_back(std::move(host));
  }
  return hosts;
}

std::vector<LaunchHost> parse_hostfile(std::string_view text) {
  std::vector<LaunchHost> hosts;
  for (std::string_view rest : split(text, '\n')) {
    rest = rest.substr(0, rest.find('#'));
    Words words(1);
    for (const char c : rest) {
      if (std::string_view(" \t\r=").find(c) == std::string_view::npos) {
        words.back() += c;
      } else if (!words.back().empty()) {
        words.emplace_back();
      }
    }
    if (words.back().empty()) words.pop_back();
    if (words.empty()) continue;
    // mpirun has signs for hosts that are left out, or counted from the first node.
    if (words.size() % 2 == 0 || words[0].find_first_of("^+@:\"") != std::string::npos) return {};
    LaunchHost host{words[0], 0};
    for (std::size_t at = 1; at < words.size(); at += 2) {
      try {
        const std::uint64_t slots = parse_count(words[at + 1], 1, kMostSlots);
        if (words[at] == "slots") {
          host.slots = slots;
        } else if (words[at] != "max_slots" && words[at] != "max-slots") {
          return {};
        }
      } catch (const BadValue&) {
        return {};
      }
    }
    if (host.slots == 0) return {};
    hosts.push_back(std::move(host));
  }
  return hosts;
}

std::vector<LaunchHost> slurm_nodes(const Words& names, std::string_view tasks_per_node) {
  std::vector<LaunchHost> nodes;
  for (const std::string& name : names) nodes.push_back({name, 1});
  std::size_t at = 0;
  if (tasks_per_node.empty()) return nodes;
  for (const std::string_view item : split(tasks_per_node, ',')) {
    const std::size_t times = item.find("(x");
    const std::uint64_t slots = parse_count(item.substr(0, times), 1, kMostSlots);
    std::uint64_t count = 1;
    if (times != std::string_view::npos && item.ends_with(')')) {
      count = parse_count(item.substr(times + 2, item.size() - times - 3), 1, kMostSlots);
    }
    for (; count > 0 && at < nodes.size(); --count) nodes[at++].slots = slots;
  }
  return nodes;
}

}  // namespace thresh::cli
