#include "support/oracle.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "thresh/errors.hpp"
#include "thresh/hash.hpp"

namespace thresh::oracle {
namespace {

using Groups = std::map<std::string, std::vector<std::string>>;  // encoded keys and values

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw Error(ExitCode::NoInput, "cannot read " + path);
  return text;
}

// With their newlines; the last one may lack it.
std::vector<std::string> cut_lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    lines.back().push_back(c);
    if (c == '\n') lines.emplace_back();
  }
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> cut_records(const std::string& bytes, std::size_t size) {
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size(); at += size) records.push_back(bytes.substr(at, size));
  return records;
}

class Collect final : public EmitSink {
 public:
  Collect(const JobType& job, Groups& groups, OracleResult& result)
      : job_(job), groups_(groups), result_(result) {}

  void take(const EmitBatch& batch) override {
    for (std::size_t i = 0; i < batch.committed(); ++i) {
      const std::string key(batch.key(batch.emits()[i]));
      const std::string value(batch.value(batch.emits()[i]));
      if (job_.value_size > 0 && value.size() != job_.value_size) {
        throw Error(ExitCode::Internal, "a value has another size than the job declares");
      }
      if (job_.weight != nullptr) result_.emitted_weight += weigh(hash_key(key), job_.weight(value));
      groups_[key].push_back(value);
      ++result_.emits;
    }
  }

 private:
  const JobType& job_;
  Groups& groups_;
  OracleResult& result_;
};

class Locate final : public Locator {
 public:
  explicit Locate(const std::vector<std::string>& files) : files_(files) {}
  Location locate(RecordId id) const override { return {files_.at(id.split), id.record + 1}; }

 private:
  const std::vector<std::string>& files_;
};

class VectorSource final : public ValueSource {
 public:
  explicit VectorSource(const std::vector<std::string>& values) : values_(values) {}
  bool next(std::string_view& value) override {
    if (next_ == values_.size()) return false;
    bytes_ = values_[next_++];  // the last value's bytes are gone: a job that keeps a view of them shows
    value = bytes_;
    return true;
  }

 private:
  const std::vector<std::string>& values_;
  std::string bytes_;
  std::size_t next_ = 0;
};

void replace_all(std::string& text, char c, const std::string& by) {
  for (std::size_t at = text.find(c); at != std::string::npos; at = text.find(c, at + by.size())) {
    text.replace(at, 1, by);
  }
}

// Lines of text, by the rules for TSV.
class Tsv final : public ResultSink {
 public:
  Tsv(std::string& part, bool escape, OracleResult& result) : part_(part), escape_(escape), result_(result) {}

  void set_group(const std::string& key) { group_ = key; }

  void key(std::string_view text) override {
    key_.assign(text);
    value_.reset();
  }
  void append(std::string_view text) override {
    if (!value_) value_.emplace();
    value_->append(text);
  }
  void end_line(std::string_view rank, std::uint64_t weight) override {
    std::string line = escape_ ? escaped(key_, true) : key_;
    if (!escape_ && line.find_first_of("\t\n") != std::string::npos) {
      throw Error(ExitCode::BadData, "a key holds a TAB or a newline");
    }
    if (value_) {
      if (!escape_ && value_->find('\n') != std::string::npos) {
        throw Error(ExitCode::BadData, "a value holds a newline");
      }
      line += '\t' + (escape_ ? escaped(*value_, false) : *value_);
    }
    line += '\n';
    part_ += line;
    ++result_.lines;
    result_.written_weight += weigh(hash_key(group_), weight);
    if (!rank.empty()) result_.ranked.push_back({std::string(rank), group_, line});
  }
  void record(std::string_view head, std::string_view tail) override {
    part_.append(head).append(tail);
    ++result_.lines;
  }

 private:
  static std::string escaped(std::string text, bool is_key) {
    replace_all(text, '\\', "\\\\");
    replace_all(text, '\n', "\\n");
    replace_all(text, '\r', "\\r");
    if (is_key) replace_all(text, '\t', "\\t");
    return text;
  }

  std::string& part_;
  bool escape_;
  OracleResult& result_;
  std::string group_;
  std::string key_;
  std::optional<std::string> value_;
};

void combine_into(const JobType& job, std::string& into, const std::string& from) {
  if (job.combine_fixed != nullptr) {
    char* const into_at = into.data();
    const char* const from_at = from.data();
    job.combine_fixed(&into_at, &from_at, 1);
  } else {
    job.combine_bytes(into, from);
  }
}

// Any way of combining is as good as another.
std::vector<std::string> combined_at_random(const JobType& job, std::vector<std::string> values,
                                            std::mt19937_64& random) {
  std::shuffle(values.begin(), values.end(), random);
  std::vector<std::string> combined;
  for (std::string& value : values) {
    if (combined.empty() || random() % 8 == 0) {
      combined.push_back(std::move(value));
    } else {
      combine_into(job, combined[random() % combined.size()], value);
    }
  }
  return combined;
}

class Run {
 public:
  Run(const JobType& job, std::vector<std::string> files) : job_(job), files_(std::move(files)) {
    std::sort(files_.begin(), files_.end());
  }

  void map() {
    const auto mapper = job_.make_mapper();
    Context context(progress_, result_.counters, nullptr);
    Collect collect(job_, groups_, result_);
    EmitBatch emits(collect);
    for (std::uint32_t file = 0; file < files_.size(); ++file) {
      std::uint64_t record = 0;
      const std::string bytes = read_file(files_[file]);
      for (const std::string& line :
           job_.record_bytes > 0 ? cut_records(bytes, job_.record_bytes) : cut_lines(bytes)) {
        if (mapper->map_block(line, {file, record++}, emits, context) != 1) {
          throw Error(ExitCode::Internal, "a line was not one record");
        }
        emits.flush();
        ++result_.records;
      }
    }
  }
  void combine(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (auto& [key, values] : groups_) values = combined_at_random(job_, std::move(values), random);
  }
  void reduce(std::uint32_t partitions, bool escape) {
    const auto reducer = job_.make_reducer();
    const Locate locate(files_);
    Context context(progress_, result_.counters, &locate);
    result_.parts.resize(partitions);
    for (auto& [key, values] : groups_) {
      std::sort(values.begin(), values.end());
      VectorSource source(values);
      const std::uint32_t part = job_.total_order ? 0 : partition_of(hash_key(key), partitions);
      Tsv out(result_.parts[part], escape, result_);
      out.set_group(key);
      reducer->reduce(key, source, out, context);
      ++result_.groups;
    }
    std::stable_sort(result_.ranked.begin(), result_.ranked.end(),
                     [](const RankedLine& a, const RankedLine& b) {
                       return a.rank != b.rank ? a.rank > b.rank : a.key < b.key;
                     });
  }
  OracleResult take() { return std::move(result_); }

 private:
  const JobType& job_;
  std::vector<std::string> files_;
  Progress progress_;
  Groups groups_;
  OracleResult result_;
};

}  // namespace

std::string OracleResult::top(std::size_t count) const {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) text += ranked[i].text;
  return text;
}

OracleResult run_oracle(const JobType& job, std::vector<std::string> files, std::uint32_t partitions,
                        bool escape, std::optional<std::uint64_t> combine_seed) {
  Run run(job, std::move(files));
  run.map();
  if (combine_seed && job.combines()) run.combine(*combine_seed);
  run.reduce(partitions, escape);
  return run.take();
}

}  // namespace thresh::oracle
