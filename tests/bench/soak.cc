// A served engine under load for a long time: many flows alive, new ones all the time, clients that
// list, watch, delete and count.
//
//   bench_soak [--seconds N] [--lasting N] [--rate N]
//
// Packets come as a capture by a pipe (--pcap -): flows of a protocol without ports that last until
// they are deleted, and UDP and TCP flows, `rate` new ones a second, that live for kLife seconds; a
// fourth of these are answered. Every client is a process of its own, started again and again.
// Fails when a client does, or when in the end, with nothing going on, the engine has more memory
// than it had in the first minute, or the entries counted, those listed, and those that there
// should be are not as many. What it has meanwhile is printed: it depends on how far those who
// watch lag behind, which on a machine that has other things to do is not the engine's doing.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "base/posix.h"
#include "measure.h"
#include "traffic.h"

using namespace ctwin;
using namespace ctwin::bench;

namespace {

constexpr unsigned long kLife = 10;  ///< seconds of a flow that is not to last
constexpr double kFirstMinute = 60;
constexpr uint32_t kLastingClients = 0x0a000000;  // 10.0.0.0/8
constexpr uint32_t kShortClients = 0xac100000;    // 172.16.0.0/12
constexpr uint32_t kServer = 0xc0000201;          // 192.0.2.1
constexpr uint8_t kLastingProtocol = 253;         // for experiments (RFC 3692)

struct Load {
  unsigned seconds = 600;
  unsigned lasting = 600'000;
  unsigned rate = 50'000;
};

// ---- packets ----

/// What the generator has done, seen by the other process.
struct Generated {
  std::atomic<uint64_t> lasting, fresh;
};

class Generator {
 public:
  Generator(int fd, Generated& generated) : fd_(fd), generated_(generated) {
    // A classic capture of raw IP, with nanoseconds.
    const uint32_t head[] = {0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, 101};
    append(head, sizeof head);
  }

  [[noreturn]] void run(const Load& load) {
    for (uint32_t i = 0; i < load.lasting; ++i) {
      add(make_frame({kLastingClients + i, kServer, 0, 0, kLastingProtocol}, false, 0, 0, 0));
      if (buffer_.size() > kChunk) flush();
    }
    flush();
    generated_.lasting = load.lasting;
    const double begin = seconds_now();
    for (uint64_t made = 0;; flush()) {
      const auto due =
          static_cast<uint64_t>((seconds_now() - begin) * static_cast<double>(load.rate));
      for (; made < due && buffer_.size() < kChunk; ++made) add_flow(made);
      generated_.fresh = made;
      if (made >= due) usleep(kPause);
    }
  }

 private:
  static constexpr size_t kChunk = 1 << 16;
  static constexpr useconds_t kPause = 2000;

  void add_flow(uint64_t number) {
    constexpr uint64_t kPorts = 50'000, kClients = 4096;
    const auto client = static_cast<uint32_t>(kShortClients + number / kPorts % kClients);
    const auto port = static_cast<uint16_t>(1024 + number % kPorts);
    const bool tcp = number % 2 == 0;
    const FlowKeys flow{client, kServer, port, static_cast<uint16_t>(tcp ? 443 : 53),
                        static_cast<uint8_t>(tcp ? IPPROTO_TCP : IPPROTO_UDP)};
    add(make_frame(flow, false, kSyn, 1, 0));
    if (number % 4 < 1) add(make_frame(flow, true, kSyn | kAck, 1, 2));
  }

  void add(const Frame& frame) {
    constexpr uint64_t kSecond = 1'000'000'000;
    const uint64_t now = wall_clock_ns();
    const uint32_t size = frame[9] == IPPROTO_TCP ? 40 : 28;
    const uint32_t record[] = {static_cast<uint32_t>(now / kSecond),
                               static_cast<uint32_t>(now % kSecond), size, size};
    append(record, sizeof record);
    append(frame.data(), size);
  }

  void append(const void* bytes, size_t size) {
    const auto* const from = static_cast<const uint8_t*>(bytes);
    buffer_.insert(buffer_.end(), from, from + size);
  }

  void flush() {
    for (size_t sent = 0; sent < buffer_.size();) {
      const ssize_t size = write(fd_, buffer_.data() + sent, buffer_.size() - sent);
      if (size < 0) _exit(1);
      sent += static_cast<size_t>(size);
    }
    buffer_.clear();
  }

  int fd_;
  Generated& generated_;
  std::vector<uint8_t> buffer_;
};

// ---- processes ----

using Words = std::vector<std::string>;

struct Process {
  pid_t pid = 0;
  int errors = -1;  ///< what it says on standard error
};

Process start(const Words& words, int input, int output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  Process process;
  process.errors = memfd_create("errors", MFD_CLOEXEC);
  process.pid = fork();
  if (process.pid != 0) return process;
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(process.errors, STDERR_FILENO);
  execv(argv[0], argv.data());
  _exit(127);
}

std::string said_by(const Process& process) {
  std::string text(1 << 12, '\0');
  const ssize_t size = pread(process.errors, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

int quiet_file() {
  static const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  return fd;
}

/// A number behind a word in a file of /proc.
unsigned long number_in(const std::string& path, const std::string& word) {
  std::ifstream file(path);
  for (std::string name; file >> name;)
    if (unsigned long number = 0; name == word && file >> number) return number;
  return 0;
}

// ---- clients ----

/// One client, which does the same again and again.
class Client {
 public:
  enum class Kind { kRepeats, kWatches, kDeletes };

  Client(Kind kind, Words words, double period, double first)
      : kind_(kind), words_(std::move(words)), period_(period), due_(first) {}

  /// Starts the process if it is time, looks after it if it runs; false when it has failed.
  bool tend(double now) {
    if (process_.pid != 0) return reap(WNOHANG);
    if (now < due_) return true;
    begun_ = now;
    due_ = now + period_;
    process_ = start(next_words(), quiet_file(), quiet_file());
    return true;
  }

  /// Waits for its end; one that watches is told to end.
  bool finish() {
    if (process_.pid == 0) return true;
    if (kind_ == Kind::kWatches) kill(process_.pid, SIGINT);
    return reap(0);
  }

  unsigned long deleted() const { return deleted_; }
  void print() const {
    std::string name;
    for (size_t i = 3; i < words_.size(); ++i) name += words_[i] + " ";
    std::printf("  %-32s %6lu runs  longest %6.2f s  %lu\n", name.c_str(), runs_, longest_, total_);
  }

 private:
  Words next_words() {
    Words words = words_;
    if (kind_ != Kind::kDeletes) return words;
    // Each time the next /24 of those that last.
    const unsigned long part = std::strtoul(words.back().c_str(), nullptr, 10) + 2 * runs_;
    words.back() = "10." + std::to_string(part >> 8) + "." + std::to_string(part & 255) + ".0/24";
    return words;
  }

  bool reap(int options) {
    int status = 0;
    if (waitpid(process_.pid, &status, options) != process_.pid) return true;
    longest_ = std::max(longest_, seconds_now() - begun_);
    ++runs_;
    const std::string said = said_by(process_);
    close(process_.errors);
    process_ = {};
    const unsigned long count = counted(said);
    total_ += count;
    if (kind_ == Kind::kDeletes) deleted_ += count;
    const bool lost = said.find("ENOBUFS") != std::string::npos;
    const bool right = kind_ != Kind::kDeletes || count == 256;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !lost && right) return true;
    std::printf("a client failed, status %d: %s", status, said.c_str());
    return false;
  }

  Kind kind_;
  Words words_;
  double period_, due_, begun_ = 0, longest_ = 0;
  Process process_;
  unsigned long runs_ = 0, total_ = 0, deleted_ = 0;
};

std::vector<Client> make_clients(const std::string& program, const std::string& where) {
  using Kind = Client::Kind;
  std::vector<Client> clients;
  const double begin = seconds_now() + 2;
  const auto add = [&](int count, Kind kind, double period, Words words) {
    for (int i = 0; i < count; ++i) {
      Words all{program, "--backend", where};
      all.insert(all.end(), words.begin(), words.end());
      if (kind == Kind::kDeletes) all.back() = std::to_string(i);
      clients.emplace_back(kind, all, period, begin + period * i / count);
    }
  };
  add(6, Kind::kRepeats, 12, {"-L"});
  add(4, Kind::kRepeats, 4, {"-L", "-p", "tcp", "--dport", "443", "-o", "json"});
  add(2, Kind::kWatches, 0, {"-E"});
  add(1, Kind::kWatches, 0, {"-E", "-e", "NEW"});
  add(1, Kind::kWatches, 0, {"-E", "-e", "DESTROY", "-o", "timestamp"});
  add(2, Kind::kDeletes, 5, {"-D", "-s", ""});
  add(2, Kind::kRepeats, 0.5, {"-C"});
  add(2, Kind::kRepeats, 0.5, {"-S"});
  return clients;
}

// ---- the soak ----

class Soak {
 public:
  explicit Soak(const Load& load) : load_(load) {
    char path[] = "/tmp/ctwin-soak-XXXXXX";
    if (!mkdtemp(path)) give_up("cannot make a folder for the socket");
    folder_ = path;
    void* shared =
        mmap(nullptr, sizeof(Generated), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) give_up("no memory");
    generated_ = new (shared) Generated{};
    start_engine();
  }

  ~Soak() {
    for (const pid_t pid : {generator_, engine_.pid})
      if (pid > 0) kill(pid, SIGKILL);
    unlink(socket().c_str());
    rmdir(folder_.c_str());
  }
  Soak(const Soak&) = delete;
  Soak& operator=(const Soak&) = delete;

  bool run() {
    while (generated_->lasting == 0 && !interrupted) usleep(kTick);
    std::vector<Client> clients = make_clients(CTWIN_PATH, "unix:" + socket());
    const double begin = seconds_now();
    bool fine = true;
    for (double next_line = 10; fine && !interrupted; usleep(kTick)) {
      const double now = seconds_now();
      for (Client& client : clients) fine = client.tend(now) && fine;
      sample_memory(now - begin);
      if (now - begin >= load_.seconds) break;
      if (now - begin < next_line) continue;
      print_line(now - begin);
      next_line += next_line < kFirstMinute ? 10 : kFirstMinute;
    }
    for (Client& client : clients) fine = client.finish() && fine;
    stop_generator();
    unsigned long deleted = 0;
    for (const Client& client : clients) {
      client.print();
      deleted += client.deleted();
    }
    fine = is_right_when_quiet(load_.lasting - deleted) && fine;
    fine = memory_is_steady() && fine;
    return stop_engine() && fine;
  }

 private:
  static constexpr useconds_t kTick = 20'000;

  std::string socket() const { return folder_ + "/socket"; }

  void start_engine() {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) give_up("no pipe");
    generator_ = fork();
    if (generator_ == 0) {
      for (const int number : {SIGPIPE, SIGTERM, SIGINT}) signal(number, SIG_DFL);
      close(pipe_ends[0]);
      Generator(pipe_ends[1], *generated_).run(load_);
    }
    close(pipe_ends[1]);
    Words words{CTWIN_PATH, "--pcap", "-", "--serve", socket(), "--checksum", "ignore"};
    const auto set = [&](const char* name, unsigned long value) {
      words.insert(words.end(), {"--sysctl", std::string("net.netfilter.nf_conntrack_") + name +
                                                 "=" + std::to_string(value)});
    };
    set("max", 4'000'000);
    set("generic_timeout", 1'000'000);
    for (const char* name :
         {"udp_timeout", "udp_timeout_stream", "tcp_timeout_syn_sent", "tcp_timeout_syn_recv"})
      set(name, kLife);
    engine_ = start(words, pipe_ends[0], quiet_file());
    close(pipe_ends[0]);
  }

  void sample_memory(double at) {
    const unsigned long now = resident_kib();
    unsigned long& most = at < kFirstMinute ? most_early_ : most_late_;
    most = std::max(most, now);
    last_kib_ = now;
  }

  /// What the engine answers to -C.
  unsigned long count() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) give_up("no pipe");
    const Process process =
        start({CTWIN_PATH, "--backend", "unix:" + socket(), "-C"}, quiet_file(), ends[1]);
    close(ends[1]);
    char text[32] = {};
    if (read(ends[0], text, sizeof text - 1) < 0) text[0] = '\0';
    close(ends[0]);
    waitpid(process.pid, nullptr, 0);
    close(process.errors);
    return std::strtoul(text, nullptr, 10);
  }

  void print_line(double at) {
    const uint64_t fresh = generated_->fresh;
    std::printf("%5.0f s  %8lu entries  %6.0f new/s  %4lu MiB\n", at, count(),
                static_cast<double>(fresh - fresh_before_) / (at - at_before_), last_kib_ >> 10);
    std::fflush(stdout);
    fresh_before_ = fresh;
    at_before_ = at;
  }

  unsigned long resident_kib() const {
    return number_in("/proc/" + std::to_string(engine_.pid) + "/status", "VmRSS:");
  }

  bool memory_is_steady() const {
    const unsigned long quiet = resident_kib();
    std::printf("memory: at most %lu KiB in the first minute, %lu KiB later, %lu KiB when quiet\n",
                most_early_, most_late_, quiet);
    return quiet <= most_early_ + most_early_ / 50;
  }

  void stop_generator() {
    kill(generator_, SIGTERM);
    waitpid(generator_, nullptr, 0);
    generator_ = 0;
  }

  bool is_right_when_quiet(unsigned long expected) {
    constexpr double kPatience = 60;
    const double begin = seconds_now();
    while (count() != expected && seconds_now() - begin < kPatience && !interrupted) usleep(kTick);
    const unsigned long there = count();
    const Process process =
        start({CTWIN_PATH, "--backend", "unix:" + socket(), "-L"}, quiet_file(), quiet_file());
    waitpid(process.pid, nullptr, 0);
    const unsigned long listed = counted(said_by(process));
    std::printf("quiet: %lu counted, %lu listed, %lu expected\n", there, listed, expected);
    return there == expected && listed == expected;
  }

  bool stop_engine() {
    kill(engine_.pid, SIGTERM);
    int status = 0;
    rusage usage{};
    wait4(engine_.pid, &status, 0, &usage);
    engine_.pid = 0;
    const bool fine = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::printf("the engine has used %.1f s of CPU and ended with status %d: %s", cpu_time(usage),
                status, said_by(engine_).c_str());
    return fine;
  }

  Load load_;
  std::string folder_;
  Generated* generated_;
  pid_t generator_ = 0;
  Process engine_;
  unsigned long most_early_ = 0, most_late_ = 0, last_kib_ = 0;
  uint64_t fresh_before_ = 0;
  double at_before_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Load load;
  read_options(
      argc, argv,
      {{"--seconds", &load.seconds}, {"--lasting", &load.lasting}, {"--rate", &load.rate}});
  heed_signals();
  Soak soak(load);
  const bool fine = soak.run();
  std::puts(fine ? "fine" : "FAILED");
  return fine ? 0 : 1;
}
