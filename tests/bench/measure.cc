#include "measure.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/posix.h"

namespace ctwin::bench {

using test::read_text;
using test::write_text;

volatile int interrupted = 0;

void heed_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, why.c_str());
  std::exit(1);
}

void read_options(int argc, char** argv, const Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string word = argv[i];
    const auto option = options.find(word);
    if (option == options.end()) give_up("unknown option " + word);
    if (i + 1 == argc) give_up(word + " needs a value");
    if (unsigned* const* number = std::get_if<unsigned*>(&option->second))
      **number = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    else
      *std::get<std::string*>(option->second) = argv[i + 1];
  }
}

double seconds_now() { return static_cast<double>(monotonic_clock_ns()) * 1e-9; }

double cpu_time(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Sample run_program(const test::NetworkNamespace& where, const std::string& path,
                   const std::vector<std::string>& words, const char* output) {
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const UniqueFd errors(memfd_create("errors", MFD_CLOEXEC));
  const UniqueFd input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd out(open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out.get() < 0) give_up(std::string("cannot write ") + output);
  const double begin = seconds_now();
  const pid_t pid = fork();
  if (pid == 0) {
    setns(where.fd(), CLONE_NEWNET);
    dup2(input.get(), STDIN_FILENO);
    dup2(out.get(), STDOUT_FILENO);
    dup2(errors.get(), STDERR_FILENO);
    execv(path.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  Sample sample{seconds_now() - begin, cpu_time(usage), usage.ru_maxrss, 255, {}};
  if (WIFEXITED(status)) sample.exit_code = WEXITSTATUS(status);
  std::array<char, 4096> text{};
  const ssize_t size = pread(errors.get(), text.data(), text.size(), 0);
  sample.errors.assign(text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return sample;
}

long peak_of(pid_t pid) {
  const std::string text = read_text("/proc/" + std::to_string(pid) + "/status");
  const size_t at = text.find("VmHWM:");
  return at == std::string::npos ? 0 : std::strtol(&text[at + 6], nullptr, 10);
}

unsigned long counted(const std::string& errors) {
  const size_t words = errors.find(" flow e");
  if (words == std::string::npos) return 0;
  const size_t begin = errors.rfind(' ', words - 1);
  return begin == std::string::npos ? 0 : std::strtoul(&errors[begin], nullptr, 10);
}

namespace {

constexpr const char* kMaxFile = "/proc/sys/net/netfilter/nf_conntrack_max";
constexpr const char* kBucketsFile = "/proc/sys/net/netfilter/nf_conntrack_buckets";

unsigned long number_in(const char* file) {
  return std::strtoul(read_text(file).c_str(), nullptr, 10);
}

void set_number(const char* file, unsigned long number) {
  const Status status = write_text(file, std::to_string(number));
  if (!status.ok()) give_up(status.error().text);
}

}  // namespace

RoomForEntries::RoomForEntries(unsigned long entries) {
  const unsigned long max = number_in(kMaxFile);
  const unsigned long buckets = number_in(kBucketsFile);
  if (max >= entries && buckets >= entries) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) give_up("cannot make a pipe");
  const UniqueFd wait_for(ends[0]);
  lifeline_ = UniqueFd(ends[1]);
  watcher_ = fork();
  if (watcher_ < 0) give_up("cannot fork");
  if (watcher_ == 0) {
    setpgid(0, 0);  // what interrupts the bench does not reach the watcher
    lifeline_ = UniqueFd();
    char byte;
    while (read(wait_for.get(), &byte, 1) < 0 && errno == EINTR) {
    }
    (void)write_text(kMaxFile, std::to_string(max));
    (void)write_text(kBucketsFile, std::to_string(buckets));
    _exit(0);
  }
  if (buckets < entries) set_number(kBucketsFile, entries);
  if (number_in(kMaxFile) < entries) set_number(kMaxFile, entries);
}

RoomForEntries::~RoomForEntries() {
  lifeline_ = UniqueFd();
  if (watcher_ > 0) waitpid(watcher_, nullptr, 0);
}

}  // namespace ctwin::bench
