#include "cli/launch_command.hpp"

#include <initializer_list>
#include <string_view>

#include "cli/number.hpp"
#include "cli/shell_text.hpp"
#include "support/catch.hpp"
#include "support/errors.hpp"

namespace thresh::cli {
namespace {

using Hosts = std::vector<LaunchHost>;

std::string joined(std::initializer_list<std::string_view> pieces) {
  std::string text;
  for (const std::string_view piece : pieces) text += piece;
  return text;
}

constexpr char kUlfm[] =
    "--with-ft ulfm --mca pml ob1 --mca coll '^han' --mca btl tcp,sm,self --mca async_mpi_finalize 1 ";
constexpr char kKeepalive4[] =
    "--mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 ";
constexpr char kKeepalive5[] =
    "--prtemca oob_tcp_keepalive_time 2 --prtemca oob_tcp_keepalive_intvl 1 "
    "--prtemca oob_tcp_keepalive_probes 3 ";
constexpr char kJob[] = "thresh sum in -o out";

const MpiFacts kOpenMpi4{"mpirun", 4, false, true};
const MpiFacts kOpenMpi5{"mpirun", 5, true, true};
const MpiFacts kOther{"mpirun", 0, false, false};

MachineFacts workstation() {
  return {8, false, false, {}};
}

MachineFacts allocation() {
  return {8, false, true, {}};
}

LaunchRequest request(std::optional<std::uint64_t> ranks, Hosts hosts = {}) {
  LaunchRequest wanted;
  wanted.ranks = ranks;
  wanted.hosts = std::move(hosts);
  wanted.program = {"thresh", "sum", "in", "-o", "out"};
  return wanted;
}

std::string text(const LaunchRequest& wanted, const MpiFacts& mpi, const MachineFacts& machine) {
  return shell_text(launch_command(wanted, mpi, machine));
}

TEST_CASE("ranks that fit this machine need nothing on Open MPI 4") {
  CHECK(text(request(8), kOpenMpi4, workstation()) == joined({"mpirun -np 8 ", kJob}));
}

TEST_CASE("Open MPI 5 with ULFM is told to live on after a loss, on this machine over its own interface") {
  const std::string ulfm = joined({kUlfm, "--mca btl_tcp_if_include lo "});
  CHECK(text(request(8), kOpenMpi5, workstation()) == joined({"mpirun -np 8 ", ulfm, kJob}));
  CHECK(survives_losses(request(8), kOpenMpi5));
}

TEST_CASE("without ULFM Open MPI 5 gets what 4 gets") {
  const MpiFacts without{"mpirun", 5, false, true};
  CHECK(text(request(8), without, workstation()) == text(request(8), kOpenMpi4, workstation()));
  LaunchRequest unwanted = request(8);
  unwanted.fault_tolerant = false;
  CHECK(text(unwanted, kOpenMpi5, workstation()) == text(request(8), kOpenMpi4, workstation()));
  CHECK_FALSE(survives_losses(request(8), without));
  CHECK_FALSE(survives_losses(unwanted, kOpenMpi5));
}

TEST_CASE("root is allowed by an option, so that the command works in any shell") {
  MachineFacts machine = workstation();
  machine.root = true;
  CHECK(text(request(2), kOpenMpi4, machine) == joined({"mpirun --allow-run-as-root -np 2 ", kJob}));
  CHECK(text(request(2), kOther, machine) == joined({"mpirun -np 2 ", kJob}));
}

TEST_CASE("more ranks than cores yield to each other") {
  const std::string crowded = "mpirun -np 9 --oversubscribe --mca mpi_yield_when_idle 1 ";
  CHECK(text(request(9), kOpenMpi4, workstation()) == joined({crowded, kJob}));
  CHECK(text(request(9), kOpenMpi5, workstation()).starts_with(joined({crowded, kUlfm})));
}

TEST_CASE("several hosts share the ranks in turn, and a link that is cut is noticed") {
  const Hosts hosts{{"a", 8}, {"b", 8}};
  const std::string start = "mpirun -np 12 -H a:8,b:8 --map-by node --bind-to none ";
  CHECK(text(request(12, hosts), kOpenMpi4, workstation()) == joined({start, kKeepalive4, kJob}));
  CHECK(text(request(12, hosts), kOpenMpi5, workstation()) == joined({start, kUlfm, kKeepalive5, kJob}));
}

TEST_CASE("the ranks of hosts need not be counted, but must not exceed their slots") {
  const Hosts hosts{{"a", 2}, {"b", 2}};
  CHECK(text(request(std::nullopt, hosts), kOpenMpi4, workstation()).starts_with("mpirun -H a:2,b:2 "));
  CHECK(test::contains(test::error_of([&] { text(request(5, hosts), kOpenMpi4, workstation()); }),
                       "-np: 5 ranks are more than the slots of a:2,b:2"));
}

TEST_CASE("one host has nobody to share with") {
  CHECK_FALSE(test::contains(text(request(2, {{"a", 2}}), kOpenMpi4, workstation()), "--map-by"));
}

TEST_CASE("a file of hosts is mpirun's to read") {
  LaunchRequest wanted = request(4);
  wanted.hostfile = "my hosts";
  CHECK(text(wanted, kOpenMpi4, workstation()) ==
        joined({"mpirun -np 4 --hostfile 'my hosts' --map-by node --bind-to none ", kKeepalive4, kJob}));
}

TEST_CASE("a file of hosts is read as mpirun reads it, or not at all") {
  CHECK(parse_hostfile("a slots=8\n\n# b is away\n  c\tslots = 2 max_slots=4 # small\r\n10.0.0.7 slots=1") ==
        Hosts{{"a", 8}, {"c", 2}, {"10.0.0.7", 1}});
  for (const char* unknown : {"", "a", "a slots=8\nb", "a slots", "a slots=0", "a slots=x", "a sockets=2",
                              "^a slots=2", "me@a slots=2", "+n0 slots=2", "a:2 slots=2", "a b c"}) {
    CAPTURE(unknown);
    CHECK(parse_hostfile(unknown).empty());
  }
}

TEST_CASE("a file of hosts that was read stays mpirun's to read, until hosts are lost") {
  LaunchRequest wanted = request(4, {{"a", 2}, {"b", 2}});
  wanted.hostfile = "hosts";
  CHECK(text(wanted, kOpenMpi4, workstation()).starts_with("mpirun -np 4 --hostfile hosts --map-by node "));
  CHECK(text(moved_to({{"b", 2}}, wanted), kOpenMpi4, workstation())
            .starts_with("mpirun -np 2 -H b:2 --bind-to"));
  wanted.ranks = 5;
  CHECK(test::contains(test::error_of([&] { text(wanted, kOpenMpi4, workstation()); }),
                       "-np: 5 ranks are more than the slots of hosts; give more, as in NAME slots=SLOTS"));
}

TEST_CASE("in an allocation mpirun knows the nodes, and how many ranks there are to be") {
  CHECK(text(request(std::nullopt), kOpenMpi4, allocation()) == joined({"mpirun ", kKeepalive4, kJob}));
  CHECK(text(request(99), kOpenMpi5, allocation()) == joined({"mpirun -np 99 ", kUlfm, kKeepalive5, kJob}));
}

TEST_CASE("an mpirun that does not know Slurm is told the nodes, unless the user names hosts") {
  MachineFacts machine = allocation();
  machine.nodes = {{"n1", 2}, {"n2", 1}};
  CHECK(text(request(std::nullopt), kOpenMpi4, machine) ==
        joined({"mpirun -H n1:2,n2:1 --map-by node --bind-to none ", kKeepalive4, kJob}));
  CHECK(text(request(1, {{"n2", 1}}), kOpenMpi4, machine) ==
        joined({"mpirun -np 1 -H n2:1 --bind-to none ", kKeepalive4, kJob}));
}

TEST_CASE("outside an allocation the number of ranks must be given") {
  CHECK(
      test::contains(test::error_of([] { text(request(std::nullopt), kOpenMpi4, workstation()); }), "-np N"));
}

TEST_CASE("another MPI gets the number of ranks and nothing else") {
  CHECK(text(request(9), kOther, workstation()) == joined({"mpirun -np 9 ", kJob}));
  CHECK(text(request(9), kOther, allocation()) == joined({"mpirun -np 9 ", kJob}));
  CHECK(test::contains(test::error_of([] {
                         text(request(2, {{"a", 2}}), kOther, workstation());
                       }),
                       "not that of Open MPI"));
}

TEST_CASE("hosts are read as mpirun reads them") {
  CHECK(parse_hosts("a:2,b") == Hosts{{"a", 2}, {"b", 1}});
  for (const char* bad : {"", ",", "a,", ":2", "a:", "a:0", "a:x", "a b:2", "a:-1"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_hosts(bad), BadValue);
  }
}

TEST_CASE("a host is asked by the smallest command there is, with what reaches it") {
  const LaunchRequest wanted = request(4, {{"a", 2}, {"b", 2}});
  CHECK(shell_text(question_to({"b", 2}, wanted, kOpenMpi5, workstation())) ==
        joined({"mpirun -np 1 -H b:1 --bind-to none ", kKeepalive5, "thresh --version"}));
}

TEST_CASE("without some of its hosts a job has the ranks that the others have slots for") {
  LaunchRequest wanted = request(4, {{"a", 3}, {"b", 2}, {"c", 1}});
  wanted.program = {"thresh", "sum", "in", "-o", "out", "--spares", "1"};
  const LaunchRequest enough = moved_to({{"a", 3}, {"b", 2}}, wanted);
  CHECK(enough.ranks == 4U);
  CHECK(enough.hosts == Hosts{{"a", 3}, {"b", 2}});
  CHECK(enough.program == wanted.program);
  const LaunchRequest fewer = moved_to({{"b", 2}}, wanted);
  CHECK(fewer.ranks == 2U);
  CHECK(fewer.program == request(4).program);
  wanted.ranks.reset();
  const LaunchRequest all = moved_to({{"a", 3}, {"b", 2}}, wanted);
  CHECK_FALSE(all.ranks.has_value());
  CHECK(all.program == request(4).program);
}

TEST_CASE("what Slurm says of tasks is spread over its nodes") {
  CHECK(slurm_nodes({"a", "b", "c", "d"}, "2(x3),1") == Hosts{{"a", 2}, {"b", 2}, {"c", 2}, {"d", 1}});
  CHECK(slurm_nodes({"a", "b"}, "4") == Hosts{{"a", 4}, {"b", 1}});
  CHECK(slurm_nodes({"a"}, "3(x9)") == Hosts{{"a", 3}});
  CHECK(slurm_nodes({"a", "b"}, "") == Hosts{{"a", 1}, {"b", 1}});
  CHECK_THROWS_AS(slurm_nodes({"a"}, "many"), BadValue);
}

}  // namespace
}  // namespace thresh::cli
