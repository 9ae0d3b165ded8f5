#include "storage/input_files.hpp"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "core/text.hpp"
#include "storage/manifest.hpp"
#include "storage/posix.hpp"

namespace thresh::storage {
namespace {

constexpr std::size_t kWarningsOfAKind = 10;

[[noreturn]] void no_input(const std::string& what) {
  throw Error(ExitCode::NoInput, what);
}

// Collects warnings of one kind, so that a million of them stay readable.
class Warnings {
 public:
  explicit Warnings(std::string more) : more_(std::move(more)) {}
  void add(const std::string& text) {
    if (++count_ <= kWarningsOfAKind) texts_.push_back(text);
  }
  void move_to(std::vector<std::string>& all) {
    std::move(texts_.begin(), texts_.end(), std::back_inserter(all));
    if (count_ > kWarningsOfAKind) {
      all.push_back("... and " + std::to_string(count_ - kWarningsOfAKind) + " more " + more_);
    }
  }

 private:
  std::string more_;
  std::vector<std::string> texts_;
  std::size_t count_ = 0;
};

// As given, but tidy. Lexically, `a/..` is not always `.`: not when `a` is a link.
std::string tidy_path(const std::string& path) {
  std::string tidy = std::filesystem::path(path).lexically_normal().string();
  while (tidy.size() > 1 && tidy.back() == '/') tidy.pop_back();
  if (path.find("..") != std::string::npos) {
    const auto as_given = file_status(path, ExitCode::NoInput);
    const auto as_tidy = file_status(tidy, ExitCode::NoInput);
    if (!as_given || !as_tidy || !as_given->same_file(*as_tidy)) return path;
  }
  return tidy;
}

std::string join(const std::string& directory, const std::string& name) {
  if (directory == ".") return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

// The names that lead from `directory` to `path`, links followed; none if it is not in there. The directory
// itself is in it. Neither need be there yet.
std::optional<std::vector<std::string>> way_to(const std::string& path, const std::string& directory) {
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  const auto top = std::filesystem::weakly_canonical(std::filesystem::absolute(directory, ignored), ignored);
  const auto [in_top, in_path] = std::mismatch(top.begin(), top.end(), real.begin(), real.end());
  if (in_top != top.end()) return std::nullopt;
  return std::vector<std::string>(in_path, real.end());
}

bool is_skipped(std::string_view name) {
  return name.starts_with('.') || name.starts_with('_');
}

class Lister {
 public:
  Lister(const std::string& output_dir, const std::string& checkpoint_dir, Progress* progress)
      : output_(output_dir), checkpoint_(checkpoint_dir), progress_(progress) {
    output_status_ = file_status(output_dir, ExitCode::CannotCreate);
    std::error_code ignored;
    if (output_status_) output_real_ = std::filesystem::canonical(output_dir, ignored);
    // A start would find files that are not its own there.
    if (!checkpoint_.empty() && way_to(checkpoint_, output_)) {
      throw Error(ExitCode::Usage, "option --checkpoint: " + printable(checkpoint_) +
                                       " is in the output directory " + printable(output_) +
                                       ": choose another one, or leave the option out");
    }
  }

  void add_given(const std::string& given, bool may_be_glob) {
    if (given.empty()) no_input("an input has an empty name");
    if (given.find('\0') != std::string::npos) {
      no_input("the input name " + printable(given, 200) + " holds a NUL byte");
    }
    const bool glob_like = given.find_first_of("*?[") != std::string::npos;
    if (may_be_glob && glob_like && !link_status(given, ExitCode::NoInput)) {
      add_glob(given);
    } else {
      add_named(tidy_path(given));
    }
  }

  InputListing finish() {
    InputListing listing;
    for (auto& [path, file] : files_) listing.files.push_back(std::move(file));
    skipped_output_.move_to(listing.warnings);
    skipped_links_.move_to(listing.warnings);
    twice_.move_to(listing.warnings);
    return listing;
  }

 private:
  void add_glob(const std::string& pattern) {
    glob_t found{};
    const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
    std::vector<std::string> paths;
    if (result == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    ::globfree(&found);
    if (result == GLOB_NOMATCH) no_input("no file matches the pattern " + printable(pattern));
    if (result != 0) {
      no_input("cannot expand the pattern " + printable(pattern) + ": a directory cannot be read");
    }
    for (const std::string& path : paths) add_named(tidy_path(path));
  }

  void add_named(const std::string& path) {
    const auto status = file_status(path, ExitCode::NoInput);
    if (!status) {
      if (link_status(path, ExitCode::NoInput)) {
        no_input("the input " + printable(path) + " is a link that leads nowhere");
      }
      throw_errno(ExitCode::NoInput, "read the input", path, ENOENT);
    }
    refuse_inside_output(path, *status);
    if (status->kind == FileStatus::Kind::Directory) {
      refuse_checkpoint_inside(path);
      walk(path);
    } else {
      add_file(path, *status);
    }
  }

  // The next start would take the checkpoints for input.
  void refuse_checkpoint_inside(const std::string& path) {
    if (checkpoint_.empty()) return;
    const auto way = way_to(checkpoint_, path);
    if (!way || std::any_of(way->begin(), way->end(), is_skipped)) return;
    throw Error(ExitCode::Usage, "option --checkpoint: " + printable(checkpoint_) + " is in the input " +
                                     printable(path) + ": choose another one");
  }

  void refuse_inside_output(const std::string& path, const FileStatus& status) {
    if (!output_status_) return;
    std::error_code ignored;
    const auto real = std::filesystem::canonical(path, ignored);
    const auto [in_output, in_path] =
        std::mismatch(output_real_.begin(), output_real_.end(), real.begin(), real.end());
    if (in_output == output_real_.end() || status.same_file(*output_status_)) {
      throw Error(ExitCode::Usage, "the input " + printable(path) + " is in the output directory " +
                                       printable(output_) + ": choose another one");
    }
  }

  // Every directory below `top`, with a worklist: depth costs no stack.
  void walk(const std::string& top) {
    std::vector<std::string> pending{top};
    while (!pending.empty()) {
      const std::string directory = std::move(pending.back());
      pending.pop_back();
      const auto names = list_directory(directory, ExitCode::NoInput);
      if (const auto parts = finished_parts(directory, names)) {
        for (const auto& [part, bytes] : *parts) {
          const std::string path = join(directory, part);
          const auto status = file_status(path, ExitCode::NoInput);
          if (!status) no_input("the finished output " + printable(directory) + " lacks its " + part);
          if (bytes && status->size != *bytes) {
            throw Error(ExitCode::BadData,
                        printable(path) + " has " + std::to_string(status->size) +
                            " bytes and was written with " + std::to_string(*bytes) + ": thresh verify " +
                            printable(directory) +
                            " tells what else changed; to read it as it is, name the part itself");
          }
          add_file(path, *status);
        }
        continue;
      }
      for (const std::string& name : names) add_walked(join(directory, name), name, pending);
    }
  }

  void add_walked(const std::string& path, const std::string& name, std::vector<std::string>& pending) {
    if (is_skipped(name)) return;
    const auto status = link_status(path, ExitCode::NoInput);
    if (!status) no_input("the input " + printable(path) + " vanished while it was listed");
    if (status->kind == FileStatus::Kind::Link) {
      skipped_links_.add("the link " + printable(path) + " is skipped: links are followed only when named");
    } else if (status->kind == FileStatus::Kind::Directory) {
      if (output_status_ && status->same_file(*output_status_)) {
        skipped_output_.add("the output directory " + printable(path) + " is inside an input and is skipped");
      } else {
        pending.push_back(path);
      }
    } else {
      add_file(path, *status);
    }
  }

  void add_file(const std::string& path, const FileStatus& listed) {
    if (progress_ != nullptr) progress_->step();
    if (listed.kind != FileStatus::Kind::Regular) {
      no_input("the input " + printable(path) + " is not a regular file");
    }
    // Not blocking: it might have become a pipe since.
    const Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fd) throw_errno(ExitCode::NoInput, "read the input", path, errno);
    const FileStatus status = status_of(fd.get(), path);
    char first = 0;
    if (status.size == 0 && read_at(fd.get(), &first, 1, 0, path) > 0) {
      no_input("the input " + printable(path) +
               " says that it is empty, and is not: copy it to a file first");
    }
    const auto [known, is_new] = path_of_.emplace(std::pair(status.device, status.inode), path);
    if (!is_new) {
      const auto& [kept, dropped] = std::minmax(known->second, path);
      twice_.add(kept == dropped ? printable(kept) + " is named twice and is read once"
                                 : printable(kept) + " and " + printable(dropped) +
                                       " are the same file, which is read once");
      if (path >= known->second) return;
      files_.erase(known->second);
      known->second = path;
    }
    files_[path] = InputFile{path, status.size, status.mtime_ns};
  }

  std::string output_;
  std::string checkpoint_;  // empty: not given
  Progress* progress_;
  std::optional<FileStatus> output_status_;  // none: there is no output directory yet
  std::filesystem::path output_real_;
  std::map<std::string, InputFile> files_;                                  // by path
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> path_of_;  // by device and inode
  Warnings twice_{"files were named twice"};
  Warnings skipped_links_{"links were skipped"};
  Warnings skipped_output_{"directories were skipped"};
};

std::string read_standard_input() {
  std::string text;
  char piece[1 << 16];
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_errno(ExitCode::NoInput, "read the list of inputs from", "standard input", errno);
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
  }
}

std::vector<std::string> read_list(const std::string& from, bool null_separated) {
  const std::string text = from == "-" ? read_standard_input() : read_stream(from, ExitCode::NoInput);
  const char end = null_separated ? '\0' : '\n';
  std::vector<std::string> paths;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t stop = std::min(text.find(end, at), text.size());
    if (stop > at) paths.push_back(text.substr(at, stop - at));
    at = stop + 1;
  }
  return paths;
}

}  // namespace

InputListing list_inputs(const InputSpec& spec, const std::string& output_dir,
                         const std::string& checkpoint_dir, Progress* progress) {
  Lister lister(output_dir, checkpoint_dir, progress);
  for (const std::string& path : spec.paths) lister.add_given(path, true);
  if (spec.files_from) {
    for (const std::string& path : read_list(*spec.files_from, spec.null_separated)) {
      lister.add_given(path, false);
    }
  }
  InputListing listing = lister.finish();
  if (!listing.files.empty()) return listing;
  std::string what = "there is no input file";
  if (!spec.paths.empty()) what += " in " + printable(spec.paths.front());
  if (spec.paths.size() > 1) what += " and " + std::to_string(spec.paths.size() - 1) + " others";
  if (spec.paths.empty() && spec.files_from) what += " in the list " + printable(*spec.files_from);
  no_input(what);
}

}  // namespace thresh::storage
