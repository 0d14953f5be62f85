#include "jiffies.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace ctwin::test {

namespace {

constexpr uint64_t kNearNs = 150'000;            ///< many times what one packet takes
constexpr uint64_t kPhaseKeepsNs = 200'000'000;  ///< ticks drift from the clock by 0.01 percent

uint64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

int bpf(int command, bpf_attr& attributes) {
  return static_cast<int>(syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

/// return (u32)bpf_jiffies64();
int load_program() {
  const bpf_insn program[] = {{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_jiffies64},
                              {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  attributes.insns = reinterpret_cast<uint64_t>(program);
  attributes.insn_cnt = 2;
  attributes.license = reinterpret_cast<uint64_t>("GPL");
  return bpf(BPF_PROG_LOAD, attributes);
}

}  // namespace

Jiffies::Jiffies() : program_(load_program()) {
  first_jiffy_ = read();
  first_time_ = clock_ns(CLOCK_REALTIME) / kJiffyNs * kJiffyNs;
}

uint64_t Jiffies::read() {
  if (!exact()) return clock_ns(CLOCK_MONOTONIC_COARSE) / kJiffyNs;
  char frame[64] = {};
  bpf_attr attributes{};
  attributes.test.prog_fd = static_cast<uint32_t>(program_.get());
  attributes.test.data_in = reinterpret_cast<uint64_t>(frame);
  attributes.test.data_size_in = sizeof frame;
  attributes.test.repeat = 1;
  bpf(BPF_PROG_TEST_RUN, attributes);
  // The program answers the lower half; no run lasts long enough to need the upper one.
  return attributes.test.retval;
}

uint64_t Jiffies::now() {
  return first_time_ + static_cast<uint32_t>(read() - first_jiffy_) * kJiffyNs;
}

void Jiffies::avoid_tick() {
  if (!exact()) return;
  const uint64_t since = clock_ns(CLOCK_MONOTONIC) - tick_seen_;
  if (since < kPhaseKeepsNs && since % kJiffyNs < kJiffyNs - kNearNs) return;
  for (const uint64_t before = read(); read() == before;) {
  }
  tick_seen_ = clock_ns(CLOCK_MONOTONIC);
}

}  // namespace ctwin::test
