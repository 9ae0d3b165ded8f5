#include "cli/command_line.hpp"

#include <rapidcheck.h>

#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "support/catch.hpp"
#include "thresh/errors.hpp"

namespace {

using namespace std::chrono_literals;
using thresh::Error;
using thresh::ExitCode;
using thresh::JobType;
using thresh::engine::RunOptions;
using Words = std::vector<std::string>;

std::vector<JobType> some_jobs() {
  std::vector<JobType> jobs(2);
  jobs[0].name = "sum";
  jobs[0].version = "1";
  jobs[0].summary = "Adds up";
  jobs[1].name = "wordcount";
  jobs[1].version = "12";
  jobs[1].summary = "Counts words";
  jobs[1].details = "A record is a line.";
  return jobs;
}

const std::vector<JobType> kJobs = some_jobs();

RunOptions run(const Words& words) {
  const auto command = thresh::cli::parse_command_line(words, kJobs);
  const auto& job = std::get<thresh::cli::RunJob>(command);
  CHECK(job.job->name == job.options.job);
  return job.options;
}

RunOptions run_with(const Words& more) {
  Words words{"wordcount", "in", "-o", "out"};
  words.insert(words.end(), more.begin(), more.end());
  return run(words);
}

std::string print(const Words& words) {
  return std::get<thresh::cli::Print>(thresh::cli::parse_command_line(words, kJobs)).text;
}

// The message with which a command line is refused.
std::string refusal(const Words& words) {
  try {
    thresh::cli::parse_command_line(words, kJobs);
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::Usage);
    return error.what();
  }
  return "accepted";
}

std::string refusal_with(const Words& more) {
  Words words{"wordcount", "in", "-o", "out"};
  words.insert(words.end(), more.begin(), more.end());
  return refusal(words);
}

}  // namespace

TEST_CASE("a job needs its name, inputs and an output") {
  const RunOptions options = run({"wordcount", "a", "b", "-o", "out"});
  CHECK(options.job == "wordcount");
  CHECK(options.inputs == Words{"a", "b"});
  CHECK(options.output == "out");
  CHECK(refusal({}).starts_with("no job is given"));
  CHECK(refusal({"wordcount", "-o", "out"}).starts_with("wordcount needs an input"));
  CHECK(refusal({"wordcount", "in"}) == "no output directory: give -o DIR");
  CHECK(refusal({"wordcount", "", "-o", "out"}) == "the name of an input is empty");
}

TEST_CASE("defaults are those that the help tells") {
  const RunOptions options = run_with({});
  CHECK(options.task_timeout == 10min);
  CHECK(options.peer_timeout == 11min);
  CHECK(options.round_bytes == 1048576);
  CHECK(options.fsync);
  CHECK(options.progress == RunOptions::Progress::Auto);
  CHECK(thresh::engine::shaping_options(options) == thresh::engine::shaping_options(RunOptions{}));
}

TEST_CASE("every option reaches the engine") {
  const RunOptions o = run({"wordcount",
                            "in",
                            "--output=out",
                            "--files-from",
                            "names",
                            "--null",
                            "--split-size",
                            "64K",
                            "--partitions",
                            "7",
                            "--escape",
                            "--memory",
                            "2G",
                            "--task-timeout",
                            "2s",
                            "--peer-timeout",
                            "5s",
                            "--round-size",
                            "1K",
                            "--fresh",
                            "--overwrite",
                            "--no-fsync",
                            "--progress",
                            "lines",
                            "--quiet",
                            "--top",
                            "5",
                            "--metrics",
                            "m.json",
                            "--fault",
                            "kill:worker=1,at=map",
                            "--log-level",
                            "debug"});
  CHECK(o.files_from == "names");
  CHECK(o.files_from_null);
  CHECK(o.split_bytes == 65536);
  CHECK(o.partitions == 7);
  CHECK(o.escape);
  CHECK(o.memory_bytes == std::uint64_t{2} << 30U);
  CHECK(o.task_timeout == 2s);
  CHECK(o.peer_timeout == 5s);
  CHECK(o.round_bytes == 1024);
  CHECK(o.fresh);
  CHECK(o.overwrite);
  CHECK_FALSE(o.fsync);
  CHECK(o.progress == RunOptions::Progress::Lines);
  CHECK(o.quiet);
  CHECK(o.top == 5);
  CHECK(o.metrics == "m.json");
  CHECK(o.fault == "kill:worker=1,at=map");
  CHECK(o.log_level == "debug");
}

TEST_CASE("the job may come after options") {
  CHECK(run({"-o", "out", "--top", "3", "wordcount", "in"}).inputs == Words{"in"});
  CHECK(run({"--quiet", "wordcount", "-oout", "in"}).output == "out");
}

TEST_CASE("after two dashes all words are inputs") {
  CHECK(run({"wordcount", "-o", "out", "--", "-x", "--top", "--"}).inputs == Words{"-x", "--top", "--"});
  CHECK(run({"-o", "out", "--", "wordcount", "-x"}).inputs == Words{"-x"});
}

TEST_CASE("names of inputs are taken as they are") {
  const Words odd{"[a]", "[a,b]", "{}", "++", "%%", "a b", "a=b", "-", "*.txt", "\"q\"", "new\nline"};
  Words words{"wordcount", "-o", "out"};
  words.insert(words.end(), odd.begin(), odd.end());
  CHECK(run(words).inputs == odd);
  CHECK(run({"wordcount", "in", "-o", "[a,b]"}).output == "[a,b]");
  CHECK(run({"wordcount", "in", "-o", "a=b"}).output == "a=b");
}

TEST_CASE("a misspelt option is refused with the one that was meant") {
  CHECK(refusal_with({"--spilt-size", "64K"}) == "unknown option --spilt-size; did you mean --split-size?");
  CHECK(refusal_with({"--spilt-size=64K"}) == "unknown option --spilt-size; did you mean --split-size?");
  CHECK(refusal_with({"--part", "3"}) == "unknown option --part; did you mean --partitions?");
  CHECK(refusal({"wordcount", "in", "-output", "x"}) == "unknown option -output; did you mean --output?");
  CHECK(refusal_with({"--frobnicate"}) == "unknown option --frobnicate; thresh --help shows the options");
  CHECK(refusal_with({"-np", "4"}).starts_with("unknown option -np"));
  CHECK(refusal_with({"-3"}).starts_with("unknown option -3"));
  CHECK(refusal_with({"---"}).starts_with("unknown option ---"));
  CHECK(refusal_with({"--top{5}"}).starts_with("unknown option --top{5}"));
}

TEST_CASE("a misspelt job is refused with the one that was meant") {
  CHECK(refusal({"wordcont", "in", "-o", "out"}) == "unknown job 'wordcont'; did you mean wordcount?");
  CHECK(refusal({"lsit"}) == "unknown job 'lsit'; did you mean list?");
  CHECK(refusal({"book.txt", "-o", "out"}) == "unknown job 'book.txt'; thresh list names the jobs");
  CHECK(refusal({"", "-o", "out"}).starts_with("unknown job ''"));
}

TEST_CASE("an option without its value is refused") {
  const std::string missing = "option --output needs a value: DIR";
  CHECK(refusal({"wordcount", "in", "-o"}) == missing);
  CHECK(refusal({"wordcount", "in", "-o", "--quiet"}) == missing);
  CHECK(refusal({"wordcount", "in", "-o", "--top=3"}) == missing);
  CHECK(refusal({"wordcount", "in", "-o", "--"}) == missing);
  CHECK(refusal({"wordcount", "in", "--output="}) == "option --output: the value is empty");
  CHECK(refusal({"wordcount", "in", "--output", ""}) == "option --output: '' is empty");
}

TEST_CASE("a flag takes no value and an option only one") {
  CHECK(refusal_with({"--quiet=false"}) == "option --quiet takes no value");
  CHECK(refusal_with({"--output=b"}) == "option --output is given more than once");
  CHECK(refusal_with({"--top", "3", "--top", "3"}) == "option --top is given more than once");
  CHECK(run_with({"-q", "--quiet"}).quiet);
}

TEST_CASE("the options of commands are read in the same way") {
  CHECK(refusal({"gen", "text", "--size"}) == "option --size needs a value: SIZE");
  CHECK(refusal({"gen", "text", "--size="}) == "option --size: the value is empty");
  CHECK(refusal({"gen", "text", "--size", "1K", "--size", "2K"}) == "option --size is given more than once");
  CHECK(refusal({"gen", "text", "-size", "1K"}) == "unknown option -size; did you mean --size?");
  CHECK(refusal({"inspect", "out", "--json=1"}) == "option --json takes no value");
  CHECK(refusal({"inspect", "out", "--frobnicate"}) ==
        "unknown option --frobnicate; thresh inspect --help shows the options");
}

TEST_CASE("help behind the job that a command starts is the job's") {
  CHECK(print({"launch", "-np", "2", "wordcount", "--help"}) == print({"wordcount", "--help"}));
  CHECK(print({"launch", "-np", "2", "--help", "wordcount"}) == print({"help", "launch"}));
}

TEST_CASE("a bad value is refused with option, value and reason") {
  CHECK(refusal_with({"--memory", "-5M"}) == "option --memory: '-5M' is negative");
  CHECK(refusal_with({"--memory=0"}) == "option --memory: '0' is less than a byte");
  CHECK(refusal_with({"--partitions", "0"}) == "option --partitions: '0' is too small: at least 1");
  CHECK(refusal_with({"--partitions", "100001"}) ==
        "option --partitions: '100001' is too large: at most 100000");
  CHECK(refusal_with({"--partitions", "3.5"}) == "option --partitions: '3.5' is not a whole number");
  CHECK(refusal_with({"--top", "18446744073709551616"}) ==
        "option --top: '18446744073709551616' is too large");
  CHECK(refusal_with({"--top", "10001"}) == "option --top: '10001' is too large: at most 10000");
  CHECK(refusal_with({"--round-size", "2G"}) == "option --round-size: '2G' is too large: at most 1G");
  CHECK(refusal_with({"--progress", "Bar"}) == "option --progress: 'Bar' is none of auto, bar, lines, none");
  CHECK(refusal_with({"--log-level", "loud"}).starts_with("option --log-level: 'loud' is none of"));
  CHECK(refusal_with({"--fault", "kill:worker=1"}).starts_with("--fault 'kill:worker=1'"));
  CHECK(refusal_with({"--progress", ""}).starts_with("option --progress: '' is none of"));
  CHECK(refusal_with({"--task-timeout", "90"}).starts_with("option --task-timeout: '90' is not a duration"));
}

TEST_CASE("a peer is waited for longer than a task may take") {
  CHECK(run_with({"--task-timeout", "2s"}).peer_timeout == 3s);
  CHECK(run_with({"--task-timeout", "1h"}).peer_timeout == 66min);
  CHECK(run_with({"--task-timeout", "1000d"}).peer_timeout == 26400h);
  CHECK(refusal_with({"--peer-timeout", "5m"}) ==
        "option --peer-timeout (300s) must be longer than --task-timeout (600s)");
  CHECK(refusal_with({"--task-timeout", "1500ms", "--peer-timeout", "1.5s"}) ==
        "option --peer-timeout (1500ms) must be longer than --task-timeout (1500ms)");
}

TEST_CASE("names from a file take the place of inputs") {
  CHECK(run({"wordcount", "--files-from", "names", "-o", "out"}).inputs.empty());
  CHECK(run({"wordcount", "--files-from", "-", "-o", "out"}).files_from == "-");
  CHECK(refusal_with({"--null"}) == "option --null needs --files-from FILE");
}

TEST_CASE("shaping options are all and only those that the help calls so") {
  std::vector<std::string> names;
  for (const auto& option : thresh::cli::option_table()) {
    if (option.group == thresh::cli::Group::Shaping) names.emplace_back(option.name);
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> keys;
  for (const auto& [key, value] : thresh::engine::shaping_options(RunOptions{})) keys.push_back(key);
  CHECK(names == keys);
  CHECK(
      thresh::engine::shaping_options(run_with({"--split-size", "1536K", "--partitions", "3", "--escape"})) ==
      std::map<std::string, std::string>{{"split-size", "1536K"},
                                         {"partitions", "3"},
                                         {"max-bad-records", "0"},
                                         {"key", "none"},
                                         {"escape", "on"}});
  RunOptions keyed;
  keyed.key = thresh::KeyColumns{1, 10};
  CHECK(thresh::engine::shaping_options(keyed).at("key") == "1,10");
  keyed.key = thresh::KeyColumns{.first = 7};
  CHECK(thresh::engine::shaping_options(keyed).at("key") == "7");
}

TEST_CASE("a key is refused by jobs that take none, and if it is no range") {
  CHECK(refusal_with({"--key", "1,10"}) == "the job wordcount takes no --key");
  CHECK(refusal_with({"--key", "5,1"}) == "option --key: '5,1' ends before it begins");
}

TEST_CASE("help is the general one, or that of a job") {
  const std::string general = print({"--help"});
  CHECK(print({"-h"}) == general);
  CHECK(print({"help"}) == general);
  CHECK(print({"list", "--help"}) == general);
  CHECK(general.find("wordcount") != std::string::npos);
  const std::string job = print({"wordcount", "--help"});
  CHECK(print({"help", "wordcount"}) == job);
  CHECK(print({"--help", "wordcount", "in"}) == job);
  CHECK(job.starts_with("wordcount 12: Counts words\n\nA record is a line.\n"));
  CHECK(refusal({"wordcuont", "--help"}) == "unknown job 'wordcuont'; did you mean wordcount?");
  CHECK(refusal({"help", "sum", "wordcount"}) == "help takes one job or command");
}

TEST_CASE("help tells of every option and exit code within eighty columns") {
  const std::string help = print({"--help"});
  for (const auto& option : thresh::cli::option_table()) {
    INFO(option.name);
    CHECK(help.find("--" + std::string(option.name)) != std::string::npos);
  }
  for (const char* code : {"\n    0  ", "\n   64  ", "\n   75  ", "\n  130  "})
    CHECK(help.find(code) != std::string::npos);
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(line.size() <= 80);
    CHECK_FALSE(line.ends_with(' '));
  }
}

TEST_CASE("list names each job with version and summary") {
  CHECK(print({"list"}) ==
        "sum        1        Adds up\n"
        "wordcount  12       Counts words\n");
  CHECK(refusal({"list", "x"}) == "list takes no arguments");
}

TEST_CASE("any words are a command or are refused") {
  CHECK(rc::check([] {
    const auto word = rc::gen::oneOf(
        rc::gen::arbitrary<std::string>(),
        rc::gen::element<std::string>("wordcount", "list", "help", "-o", "--output", "--output=", "--top",
                                      "--top=3", "--quiet", "-q", "-qo", "--help", "--", "-", "---", "++",
                                      "in", "", "-0q", "=", "--="));
    const auto words = *rc::gen::container<Words>(word);
    try {
      thresh::cli::parse_command_line(words, kJobs);
    } catch (const Error& error) {
      RC_ASSERT(error.code() == ExitCode::Usage);
      RC_ASSERT(std::string(error.what()).size() > 0);
    }
  }));
}
