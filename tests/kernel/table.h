// The tables as the differential test sees them, the kernel's or an engine's: filled from a
// fixture, emptied, read back.
//
// All of it goes through libnetfilter_conntrack, so that neither of the compared programs is
// needed to prepare or to judge the other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wire.h"

namespace ctwin::test {

/// Bits of an entry's status (enum ip_conntrack_status).
enum StatusBit : uint32_t {
  kExpected = 1 << 0,
  kSeenReply = 1 << 1,
  kAssured = 1 << 2,
  kConfirmed = 1 << 3,
  kSrcNat = 1 << 4,
  kDstNat = 1 << 5,
  kSrcNatDone = 1 << 7,
  kDstNatDone = 1 << 8,
  kFixedTimeout = 1 << 10,
};

/// An entry to create. ICMP has its type in `sport` and its id in `dport`; GRE has keys there.
struct FixtureEntry {
  const char* name;
  uint8_t proto;
  const char* src;
  const char* dst;
  uint16_t sport = 0;
  uint16_t dport = 0;
  uint32_t timeout = 1000;
  uint32_t status = 0;
  uint8_t state = 0;  ///< of TCP or SCTP
  uint32_t mark = 0;
  uint16_t zone = 0;
  uint16_t orig_zone = 0;
  uint16_t reply_zone = 0;
  std::vector<unsigned> labels = {};
  const char* src_nat = nullptr;
  uint16_t src_nat_port = 0;
  const char* dst_nat = nullptr;
  uint16_t dst_nat_port = 0;
  const char* helper = nullptr;
  const char* master = nullptr;  ///< name of an entry that comes before
};

/// An expectation of a master that has a helper.
struct FixtureExpectation {
  const char* master;
  uint16_t dport;
};

std::span<const FixtureEntry> standard_entries();
std::span<const FixtureExpectation> standard_expectations();
const FixtureEntry& fixture_entry(std::string_view name);

struct Direction {
  std::string src, dst;
  uint16_t sport = 0, dport = 0;  ///< ports or keys
  uint8_t icmp_type = 0, icmp_code = 0;
  uint16_t icmp_id = 0;
  std::optional<uint16_t> zone;
  uint64_t packets = 0, bytes = 0;
};

/// An entry as the kernel has it.
struct Entry {
  uint8_t family = 0;
  uint8_t proto = 0;
  Direction orig, reply;
  uint32_t status = 0;
  uint32_t mark = 0;
  uint16_t zone = 0;
  uint32_t id = 0;
  std::optional<uint32_t> timeout;
  std::optional<uint8_t> tcp_state, sctp_state;
  uint8_t tcp_flags[2] = {0, 0};
  uint32_t vtags[2] = {0, 0};  ///< as numbers, not as wire bytes
  std::string labels;          ///< a word of 32 bits after the other, in hex
  std::string helper;

  bool icmp_like() const { return proto == 1 || proto == 58; }
  /// Protocol, original tuple and zones: what an entry is found by.
  std::string name() const;
  /// All that must be equal, on one line; id and timeout are left out.
  std::string text() const;
};

/// Says whether translation shows in the tuples, by conntrack's rules for -n and -g, but never of
/// ports where there are none.
bool is_src_nat(const Entry& entry);
bool is_dst_nat(const Entry& entry);

/// The entry that a fixture's row became.
const Entry* find_entry(const std::vector<Entry>& entries, const FixtureEntry& wanted);

struct Expectation {
  uint32_t timeout = 0;
  std::string text;  ///< without the timeout
};

struct TableState {
  std::vector<Entry> entries;  ///< sorted by name
  std::vector<Expectation> expectations;
};

/// The tables of one network namespace, or of one engine.
class Table {
 public:
  static Result<Table> open(const NetworkNamespace& where);
  explicit Table(WireSource wires) : wires_(std::move(wires)) {}

  Status clear();
  /// Deletes these, which is quicker; those that are gone already are no error.
  Status remove_all(std::span<const Entry> entries);
  Status clear_expectations();
  Status create(std::span<const FixtureEntry> entries);
  Status create_expectations(std::span<const FixtureExpectation> expectations);
  Status create_many(unsigned count);  ///< as many UDP entries
  /// Deletes exactly this one.
  Status remove(const Entry& entry);
  Status set_mark(const Entry& entry, uint32_t mark);
  /// What the tables hold. The entries that were there before are asked for one by one, which is
  /// quicker than a walk through the whole table; where their number is not all, it is walked.
  Result<TableState> read();
  /// Waits until every timeout is below the full second that it was created with.
  Status let_a_tick_pass();

 private:
  template <typename Handler>
  Status exchange(const std::string& datagrams, unsigned messages, int allowed,
                  const Handler& handler);
  Status send_and_check(const std::string& datagrams, unsigned messages, int allowed = 0);
  template <typename Handler>
  Status dump(uint16_t type, const Handler& handler);
  Status read_known(std::vector<Entry>& entries, bool& all);
  Status read_all(std::vector<Entry>& entries);

  WireSource wires_;
  std::vector<Entry> known_;  ///< what names the entries that may be there
};

}  // namespace ctwin::test
