// -R: a file of commands.
//
//   file := line*      line := blank* ( '#' comment | word (blank word)* )?
//   word := characters without blanks, in which "…" keeps blanks and \ escapes; the closing quote
//           ends the word
//
// The file is read twice: once to check every line, so that a mistake anywhere leaves the table as
// it was, and once to carry the lines out. Only one line is held at a time. Input that cannot be
// read twice is copied to a temporary file first. Lines that create entries are carried out in
// batches, each while the lines of the next one are read (entry_writer.h); the others run one by
// one, in their place between them.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/posix.h"
#include "cli/build.h"
#include "cli/commands.h"
#include "cli/entry_writer.h"

namespace ctwin::cli {

namespace {

constexpr size_t kMaxWords = 254;  // conntrack's limits
constexpr size_t kMaxWordBytes = 1023;

/// Reads a descriptor line by line, without the line's end.
class LineReader {
 public:
  explicit LineReader(int fd) : fd_(fd) {}

  /// The next line, which is the caller's to change until the next call; false at the end or at an
  /// error, whose errno `error` then tells.
  bool next(std::span<char>& line) {
    for (size_t searched = begin_;;) {
      const auto* found =
          static_cast<const char*>(std::memchr(buffer_.data() + searched, '\n', end_ - searched));
      if (found) {
        const size_t stop = static_cast<size_t>(found - buffer_.data());
        line = trimmed(stop);
        begin_ = stop + 1;
        return true;
      }
      searched = end_ - begin_;
      if (fill()) continue;
      if (begin_ == end_ || error_ != 0) return false;
      line = trimmed(end_);
      begin_ = end_;
      return true;
    }
  }

  int error() const { return error_; }

 private:
  std::span<char> trimmed(size_t stop) {
    if (stop > begin_ && buffer_[stop - 1] == '\r') --stop;
    return std::span(buffer_).subspan(begin_, stop - begin_);
  }

  /// Moves the unfinished line to the front and reads behind it.
  bool fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    ssize_t size;
    do size = read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    while (size < 0 && errno == EINTR && stop_signal == 0);
    if (size < 0) error_ = errno;
    if (size <= 0) return false;
    end_ += static_cast<size_t>(size);
    return true;
  }

  int fd_;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
  size_t begin_ = 0;
  size_t end_ = 0;
  int error_ = 0;
};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::optional<Problem> check_limits(const std::vector<std::string_view>& words) {
  if (words.size() > kMaxWords) return Problem{kUsageProblem, "too many arguments"};
  if (words.back().size() > kMaxWordBytes) return Problem{kUsageProblem, "Parameter too long!"};
  return {};
}

/// Splits a line without quotes, which is what nearly all lines are.
std::optional<Problem> split_plain(std::span<const char> line,
                                   std::vector<std::string_view>& words) {
  for (size_t at = 0; at < line.size();) {
    const size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    if (at != begin) {
      words.emplace_back(line.data() + begin, at - begin);
      if (auto problem = check_limits(words)) return problem;
    }
    ++at;
  }
  return {};
}

/// Splits a line into words; escapes are removed in place. Answers with conntrack's complaint where
/// there is one.
std::optional<Problem> split_line(std::span<char> line, std::vector<std::string_view>& words) {
  if (std::memchr(line.data(), '"', line.size()) == nullptr) return split_plain(line, words);
  char* out = line.data();
  char* word = out;
  bool in_quotes = false, escaped = false;
  const auto end_word = [&] {
    words.emplace_back(word, static_cast<size_t>(out - word));
    word = out;
    return check_limits(words);
  };
  for (const char c : line) {
    std::optional<Problem> problem;
    if (!in_quotes && is_blank(c)) {
      if (out != word) problem = end_word();
    } else if (in_quotes && !escaped && c == '\\') {
      escaped = true;
    } else if (!escaped && c == '"') {
      if (in_quotes) problem = end_word();
      in_quotes = !in_quotes;
    } else {
      *out++ = c;
      escaped = false;
    }
    if (problem) return problem;
  }
  if (in_quotes) return Problem{kUsageProblem, "a quote is not closed"};
  return out != word ? end_word() : std::nullopt;
}

std::string_view unusable_name(const Arguments& arguments) {
  const bool expect = arguments.table == Table::kExpect;
  switch (arguments.command) {
    case Command::kList: return expect ? "-L expect" : "-L";
    case Command::kGet: return expect ? "-G expect" : "-G";
    case Command::kEvent: return expect ? "-E expect" : "-E";
    case Command::kCreate: return "-I expect";
    case Command::kDelete: return "-D expect";
    case Command::kFlush: return "-F expect";
    case Command::kCount: return expect ? "-C expect" : "-C";
    case Command::kStats: return expect ? "-S expect" : "-S";
    case Command::kVersion: return "-V";
    case Command::kHelp: return "-h";
    default: return "unknown";
  }
}

bool is_usable(const Arguments& arguments) {
  switch (arguments.command) {
    case Command::kCreate:
    case Command::kAdd:
    case Command::kUpdate:
    case Command::kDelete:
    case Command::kFlush: return arguments.table == Table::kConntrack;
    default: return false;
  }
}

class Loader {
 public:
  Loader(Session& session, std::string name) : session_(session), name_(std::move(name)) {}

  int run(int fd) {
    if (int code = each_line(fd,
                             [this](Arguments&) {
                               if (!warnings_.empty()) session_.messages.raw(warnings_);
                               return 0;
                             });
        code != 0)
      return code;
    if (stop_signal != 0) return interrupted();
    if (lseek(fd, 0, SEEK_SET) < 0) return cannot_read(errno);
    auto client = session_.client();
    if (!client) return session_.operation_failed(client.error(), {});
    EntryWriter writer(**client);
    const int code =
        each_line(fd, [&](Arguments& arguments) { return execute(writer, arguments); });
    if (code != 0) return code;
    if (!writer.flush()) return entry_failed(writer);
    if (stop_signal != 0)
      return refuse({kOtherProblem, "interrupted here; the lines behind were not carried out"});
    return 0;
  }

  int interrupted() {
    return session_.messages.report(
        {kOtherProblem, "interrupted while reading " + name_ + "; nothing was changed"});
  }

  int cannot_read(int error) {
    if (error == EISDIR) return 0;  // as conntrack reads one: nothing is in it
    if (error == EINTR) return interrupted();
    return session_.messages.report(
        {kUsageProblem, "cannot read " + name_ + ": " + std::strerror(error)});
  }

 private:
  /// Reads every line into Arguments and hands it to `use`, until that answers with other than 0.
  template <typename Use>
  int each_line(int fd, const Use& use) {
    LineReader reader(fd);
    std::span<char> line;
    for (number_ = 0; stop_signal == 0 && reader.next(line);) {
      ++number_;
      words_.assign(1, session_.program.path);
      if (auto problem = parse_line(line)) return refuse(*problem);
      if (words_.size() == 1) continue;
      if (int code = use(arguments_); code != 0) return code;
    }
    return reader.error() == 0 ? 0 : cannot_read(reader.error());
  }

  std::optional<Problem> parse_line(std::span<char> line) {
    size_t blanks = 0;
    while (blanks < line.size() && is_blank(line[blanks])) ++blanks;
    line = line.subspan(blanks);
    if (line.empty() || line.front() == '#') return {};
    if (auto problem = split_line(line, words_)) return problem;
    arguments_ = {};
    warnings_.clear();
    if (auto problem = parse_arguments(words_, arguments_, warnings_)) return problem;
    const LabelMap* map = session_.label_map(arguments_);
    if (auto problem = resolve_labels(map, arguments_)) return problem;
    if (auto problem = resolve_filter(map, arguments_)) return problem;
    if (auto problem = check_arguments(arguments_)) return problem;
    if (const auto name = arguments_.own.last_name; !name.empty())
      return Problem{kUsageProblem, std::string("--").append(name).append(
                                        " holds for a whole file: it stands in front of -R")};
    if (is_usable(arguments_)) return {};
    return Problem{kUsageProblem, std::string("Cannot use command `")
                                      .append(unusable_name(arguments_))
                                      .append("' with --load-file")};
  }

  int execute(EntryWriter& writer, const Arguments& arguments) {
    const bool adds = arguments.command == Command::kAdd;
    if (adds || arguments.command == Command::kCreate) {
      const auto mode = adds ? EntryWriter::Mode::kAdd : EntryWriter::Mode::kCreate;
      return writer.add(mode, build_entry(arguments), number_) ? 0 : entry_failed(writer);
    }
    if (!writer.flush()) return entry_failed(writer);
    const Outcome outcome =
        arguments.command == Command::kUpdate   ? update_entries(session_, arguments)
        : arguments.command == Command::kDelete ? delete_entries(session_, arguments)
                                                : flush_entries(session_, arguments);
    if (outcome.error) return failed(number_, *outcome.error, arguments.command);
    if (arguments.command == Command::kFlush)
      session_.messages.say("connection tracking table has been emptied.");
    return 0;
  }

  /// Reports what is wrong with line `number`.
  int report(size_t number, const Problem& problem) {
    return session_.messages.report(
        {problem.exit_code, name_ + ":" + std::to_string(number) + ": " + problem.text});
  }

  int refuse(const Problem& problem) { return report(number_, problem); }

  int failed(size_t number, const Error& error, Command command) {
    return report(number, {kOtherProblem, session_.describe(error, command, Table::kConntrack)});
  }

  int entry_failed(const EntryWriter& writer) {
    const auto& failure = *writer.failure();
    const bool adds = failure.mode == EntryWriter::Mode::kAdd;
    return failed(failure.tag, failure.error, adds ? Command::kAdd : Command::kCreate);
  }

  Session& session_;
  const std::string name_;
  size_t number_ = 0;  ///< of the line that was read last
  Arguments arguments_;
  std::vector<std::string_view> words_;
  std::string warnings_;
};

/// A copy of `fd` that can be read from its beginning again.
Result<UniqueFd> copy_to_temporary(int fd) {
  struct CloseFile {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<FILE, CloseFile> file(std::tmpfile());
  UniqueFd copy(file ? dup(fileno(file.get())) : -1);
  if (copy.get() < 0) return Error{errno, {}};
  std::vector<char> buffer(1 << 16);
  for (;;) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size == 0) break;
    if (size < 0 && errno == EINTR && stop_signal == 0) continue;
    if (size < 0) return Error{errno, {}};
    for (ssize_t written = 0; written < size;) {
      const ssize_t more =
          write(copy.get(), buffer.data() + written, static_cast<size_t>(size - written));
      if (more < 0) return Error{errno, {}};
      written += more;
    }
  }
  if (lseek(copy.get(), 0, SEEK_SET) < 0) return Error{errno, {}};
  return copy;
}

/// Opens the file. Standard input may be something that cannot be opened anew, such as a socket.
UniqueFd open_input(const std::string& path, bool is_standard_input) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() >= 0 || !is_standard_input) return fd;
  return UniqueFd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
}

}  // namespace

std::variant<LoadInput, int> open_load_file(Session& session, std::string_view file) {
  LoadInput input{std::string(file), {}};
  const std::string path = input.name == "-" ? "/dev/stdin" : input.name;
  input.fd = open_input(path, input.name == "-");
  if (input.fd.get() < 0)
    return session.messages.report({kUsageProblem, "Failed to open file " + path + " for reading"});
  if (lseek(input.fd.get(), 0, SEEK_CUR) >= 0) return input;
  auto copy = copy_to_temporary(input.fd.get());
  if (!copy) return Loader(session, input.name).cannot_read(copy.error().code);
  input.fd = std::move(*copy);
  return input;
}

int load_file(Session& session, const LoadInput& input) {
  return Loader(session, input.name).run(input.fd.get());
}

}  // namespace ctwin::cli
