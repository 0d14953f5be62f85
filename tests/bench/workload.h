// The table that bench_list works on, and what the kernel takes for it when nobody does anything
// but send and receive: the floors.
//
// Entry n of `entries`: IPv4, address n / 100 of 10.0.0.0/8 (so each has 100 entries), 70 % TCP and
// established, the rest UDP; every hundredth is TCP to port 22.
#pragma once

#include <string>
#include <vector>

#include "ctwin/filter.h"
#include "ctwin/flow.h"
#include "measure.h"

namespace ctwin::bench {

Flow entry(unsigned number);
inline bool is_tcp(unsigned number) { return number % 10 < 7; }
inline bool is_ssh(unsigned number) { return number % 100 == 1; }
constexpr unsigned kEntriesOfAddress = 100;

/// A file of commands that makes the entries; one of 0 to 1 a line.
void write_commands(const std::string& path, unsigned entries);

enum class Request : uint8_t { kCreate, kDelete, kMark };

/// Bare netlink in a process of its own: first the requests, made before the time begins, are sent
/// many in a datagram of which the last is acknowledged; or, without requests, nothing. `dump` asks
/// for the table before, as far as `filter` (attributes of a request, made by the kernel's rules)
/// lets it through, and throws it away.
struct BareTask {
  bool dump = false;
  Filter filter = {};  ///< family, source address, protocol and destination port count
  Request request = Request::kCreate;
  std::vector<unsigned> numbers = {};  ///< the entries that requests are for
};
Sample run_bare(const test::NetworkNamespace& where, const BareTask& task);

/// Counts the messages that come in, with a buffer of 128 MiB, until SIGINT; run it as a child.
/// The number is said on standard error as conntrack says it.
int listen_bare();

}  // namespace ctwin::bench
