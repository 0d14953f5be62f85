#include "ctnetlink/event_filter.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

#include "ctnetlink/uapi.h"
#include "netlink/message.h"

namespace ctwin::ctnetlink {

namespace {

using netlink::big_endian;

constexpr uint32_t kAccept = UINT32_MAX;
constexpr uint32_t kDrop = 0;

// Offsets in a message.
constexpr uint32_t kLength = 0;
constexpr uint32_t kType = 4;
constexpr uint32_t kSequence = 8;
constexpr uint32_t kFamily = sizeof(nlmsghdr);
constexpr uint32_t kAttributes = sizeof(nlmsghdr) + sizeof(nfgenmsg);
constexpr uint32_t kPayload = sizeof(nlattr);  ///< in an attribute

/// A load gives what it finds in network order; these are the kernel's own, in host order.
constexpr uint32_t native(uint16_t value) { return big_endian(value); }
constexpr uint16_t message_type(uint8_t type) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
}

/// Where a value stands: its attribute behind the nests around it, outermost first.
struct Place {
  std::vector<uint16_t> nests;
  uint16_t type;
  uint8_t size;             ///< bytes of the whole payload
  uint16_t or_type = type;  ///< looked for where there is none of `type`
};

/// A part of the payload, as an integer in network order, and what is asked of it.
struct Test {
  uint32_t value;
  uint32_t mask = UINT32_MAX;
  uint8_t at = 0;
  uint8_t size = 4;
  bool any = false;  ///< one bit of `value` is enough
};

/// What an attribute that is not there means.
enum class Absent : uint8_t { kZero, kUnequal, kUnknown };

class Program {
 public:
  void envelope();
  void family(uint8_t family);
  void pass_ends();
  void condition(const Place& place, Absent absent, std::span<const Test> tests);
  void condition(const Place& place, Absent absent, Test test) {
    test.size = place.size;
    condition(place, absent, std::span(&test, 1));
  }
  /// Leaves A where the attributes in the innermost of these nests are to be looked for.
  void open(const std::vector<uint16_t>& nests);
  /// Nothing when nothing was asked.
  std::vector<sock_filter> finish();

 private:
  void emit(unsigned code, uint32_t k = 0, uint8_t jt = 0, uint8_t jf = 0) {
    code_.push_back({static_cast<uint16_t>(code), jt, jf, k});
  }
  /// Goes on when the comparison of A with `k` holds, else ends.
  void check(unsigned comparison, uint32_t k, uint32_t verdict_if_not) {
    emit(BPF_JMP | comparison | BPF_K, k, 1, 0);
    emit(BPF_RET | BPF_K, verdict_if_not);
  }
  void find(uint16_t type, bool nested);
  void compare(const Test& test);

  std::vector<sock_filter> code_;
  bool asks_ = false;           ///< there is a condition
  std::vector<uint16_t> open_;  ///< nests that were found; M[n] is where the n-th begins
};

void Program::envelope() {
  constexpr bool kLittle = std::endian::native == std::endian::little;
  emit(BPF_LD | BPF_W | BPF_LEN);
  check(BPF_JGE, kAttributes, kAccept);
  // The length, as far as 16 bits: a datagram of 64 KiB or more will be unequal.
  emit(BPF_LD | BPF_B | BPF_ABS, kLength + (kLittle ? 1 : 2));
  emit(BPF_ALU | BPF_LSH | BPF_K, 8);
  emit(BPF_MISC | BPF_TAX);
  emit(BPF_LD | BPF_B | BPF_ABS, kLength + (kLittle ? 0 : 3));
  emit(BPF_ALU | BPF_OR | BPF_X);
  emit(BPF_MISC | BPF_TAX);
  emit(BPF_LD | BPF_W | BPF_LEN);
  emit(BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0);
  emit(BPF_RET | BPF_K, kAccept);
  emit(BPF_LD | BPF_W | BPF_ABS, kSequence);
  check(BPF_JEQ, 0, kAccept);
  emit(BPF_LD | BPF_H | BPF_ABS, kType);
  emit(BPF_JMP | BPF_JEQ | BPF_K, native(message_type(IPCTNL_MSG_CT_NEW)), 2, 0);
  check(BPF_JEQ, native(message_type(IPCTNL_MSG_CT_DELETE)), kAccept);
}

void Program::family(uint8_t family) {
  asks_ = true;
  emit(BPF_LD | BPF_B | BPF_ABS, kFamily);
  check(BPF_JEQ, family, kDrop);
}

void Program::pass_ends() {
  emit(BPF_LD | BPF_H | BPF_ABS, kType);
  emit(BPF_JMP | BPF_JEQ | BPF_K, native(message_type(IPCTNL_MSG_CT_DELETE)), 0, 1);
  emit(BPF_RET | BPF_K, kAccept);
}

/// From where A says: to the attribute there or behind it, or in the nest that is there; A is 0
/// where there is none.
void Program::find(uint16_t type, bool nested) {
  emit(BPF_LDX | BPF_IMM, type);
  emit(BPF_LD | BPF_W | BPF_ABS,
       static_cast<uint32_t>(SKF_AD_OFF + (nested ? SKF_AD_NLATTR_NEST : SKF_AD_NLATTR)));
}

void Program::open(const std::vector<uint16_t>& nests) {
  const auto differ = std::mismatch(open_.begin(), open_.end(), nests.begin(), nests.end()).first;
  open_.erase(differ, open_.end());
  if (open_.empty())
    emit(BPF_LD | BPF_IMM, kAttributes);
  else
    emit(BPF_LD | BPF_MEM, static_cast<uint32_t>(open_.size() - 1));
  while (open_.size() < nests.size()) {
    const uint16_t type = nests[open_.size()];
    find(type, !open_.empty());
    // Every event has its tuples. What its protocol tells of itself may be missing.
    check(BPF_JGT, 0, nests.front() == CTA_PROTOINFO ? kDrop : kAccept);
    emit(BPF_ST, static_cast<uint32_t>(open_.size()));
    open_.push_back(type);
  }
}

/// X is where the attribute begins.
void Program::compare(const Test& test) {
  const unsigned width = test.size == 1 ? BPF_B : test.size == 2 ? BPF_H : BPF_W;
  const uint32_t whole = test.size == 4 ? UINT32_MAX : (1u << test.size * 8) - 1;
  emit(BPF_LD | width | BPF_IND, kPayload + test.at);
  if (!test.any && (test.mask & whole) != whole) emit(BPF_ALU | BPF_AND | BPF_K, test.mask);
  check(test.any ? BPF_JSET : BPF_JEQ, test.value, kDrop);
}

void Program::condition(const Place& place, Absent absent, std::span<const Test> tests) {
  asks_ = true;
  open(place.nests);
  find(place.type, !place.nests.empty());
  if (place.or_type != place.type) {
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
    emit(BPF_LD | BPF_MEM, static_cast<uint32_t>(open_.size() - 1));
    find(place.or_type, true);
  }
  const bool fulfilled = absent == Absent::kUnknown ||
                         (absent == Absent::kZero && tests.size() == 1 && tests[0].value == 0);
  const size_t jump = code_.size();
  if (fulfilled)
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0);
  else
    check(BPF_JGT, 0, kDrop);
  emit(BPF_MISC | BPF_TAX);
  emit(BPF_LD | BPF_H | BPF_IND, 0);
  check(BPF_JEQ, native(static_cast<uint16_t>(kPayload + place.size)), kAccept);
  for (const Test& test : tests) compare(test);
  if (fulfilled) code_[jump].jt = static_cast<uint8_t>(code_.size() - jump - 1);
}

std::vector<sock_filter> Program::finish() {
  if (!asks_) return {};
  emit(BPF_RET | BPF_K, kAccept);
  return std::move(code_);
}

/// One condition, if it is set, on a value that is compared as a whole.
template <typename T>
void equal(Program& program, const Place& place, Absent absent, const std::optional<T>& wanted) {
  if (wanted) program.condition(place, absent, Test{*wanted});
}

void address(Program& program, uint16_t tuple, uint16_t v4_type, uint16_t v6_type,
             const Address& wanted, const Address& mask) {
  if (!wanted.is_set()) return;
  std::vector<Test> tests;
  for (uint8_t at = 0; at < wanted.size(); at += 4) {
    Test test{0, 0, at};
    for (size_t i = at; i < at + size_t{4}; ++i) {
      const uint8_t bits = mask.is_set() ? mask.bytes[i] : uint8_t{0xff};
      test.mask = test.mask << 8 | bits;
      test.value = test.value << 8 | (wanted.bytes[i] & bits);
    }
    if (test.mask != 0) tests.push_back(test);
  }
  const uint16_t type = wanted.family == AF_INET ? v4_type : v6_type;
  const auto size = static_cast<uint8_t>(wanted.size());
  program.condition({{tuple, CTA_TUPLE_IP}, type, size}, Absent::kUnequal, tests);
}

/// The parts that tell most connections apart come first.
void tuple(Program& program, uint16_t type, const TupleFilter& filter) {
  const auto transport = [type](uint16_t part, uint8_t size) {
    return Place{{type, CTA_TUPLE_PROTO}, part, size};
  };
  const auto icmp = [type](uint16_t v4_part, uint16_t v6_part, uint8_t size) {
    return Place{{type, CTA_TUPLE_PROTO}, v4_part, size, v6_part};
  };
  equal(program, transport(CTA_PROTO_NUM, 1), Absent::kUnequal, filter.proto);
  equal(program, transport(CTA_PROTO_DST_PORT, 2), Absent::kZero, filter.dport);
  equal(program, transport(CTA_PROTO_SRC_PORT, 2), Absent::kZero, filter.sport);
  equal(program, icmp(CTA_PROTO_ICMP_TYPE, CTA_PROTO_ICMPV6_TYPE, 1), Absent::kZero,
        filter.icmp_type);
  equal(program, icmp(CTA_PROTO_ICMP_CODE, CTA_PROTO_ICMPV6_CODE, 1), Absent::kZero,
        filter.icmp_code);
  equal(program, icmp(CTA_PROTO_ICMP_ID, CTA_PROTO_ICMPV6_ID, 2), Absent::kZero, filter.icmp_id);
  address(program, type, CTA_IP_V4_SRC, CTA_IP_V6_SRC, filter.src, filter.src_mask);
  address(program, type, CTA_IP_V4_DST, CTA_IP_V6_DST, filter.dst, filter.dst_mask);
  equal(program, {{type}, CTA_TUPLE_ZONE, 2}, Absent::kZero, filter.zone);
}

void lasting(Program& program, const Filter& filter) {
  tuple(program, CTA_TUPLE_ORIG, filter.orig);
  tuple(program, CTA_TUPLE_REPLY, filter.reply);
  equal(program, {{}, CTA_ZONE, 2}, Absent::kZero, filter.zone);
  equal(program, {{}, CTA_ID, 4}, Absent::kUnequal, filter.id);
}

void status(Program& program, const Filter& filter) {
  const Place place{{}, CTA_STATUS, 4};
  if (const uint32_t mask = filter.status_set | filter.status_clear; mask != 0)
    program.condition(place, Absent::kZero, {filter.status_set, mask});
  uint32_t translated = 0;
  if (filter.src_nat) translated |= kSrcNatDone;
  if (filter.dst_nat) translated |= kDstNatDone;
  if (translated != 0) program.condition(place, Absent::kUnknown, {translated, translated});
  if (filter.any_nat)
    program.condition(place, Absent::kUnknown, {.value = kSrcNatDone | kDstNatDone, .any = true});
}

void labels(Program& program, const Labels& wanted) {
  std::vector<Test> tests;
  for (size_t i = 0; i < wanted.words.size(); ++i)
    if (const uint32_t bits = big_endian(wanted.words[i]); bits != 0)
      tests.push_back({bits, bits, static_cast<uint8_t>(i * 4)});
  if (!tests.empty())
    program.condition({{}, CTA_LABELS, Labels::kBits / 8}, Absent::kUnequal, tests);
}

void protocol_state(Program& program, const Filter& filter) {
  const auto place = [](uint16_t protocol, uint16_t type, uint8_t size) {
    return Place{{CTA_PROTOINFO, protocol}, type, size};
  };
  equal(program, place(CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE, 1), Absent::kUnequal,
        filter.tcp_state);
  equal(program, place(CTA_PROTOINFO_SCTP, CTA_PROTOINFO_SCTP_STATE, 1), Absent::kUnequal,
        filter.sctp_state);
  equal(program, place(CTA_PROTOINFO_SCTP, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 4), Absent::kZero,
        filter.vtag_orig);
  equal(program, place(CTA_PROTOINFO_SCTP, CTA_PROTOINFO_SCTP_VTAG_REPLY, 4), Absent::kZero,
        filter.vtag_reply);
  equal(program, place(CTA_PROTOINFO_DCCP, CTA_PROTOINFO_DCCP_STATE, 1), Absent::kUnequal,
        filter.dccp_state);
  equal(program, place(CTA_PROTOINFO_DCCP, CTA_PROTOINFO_DCCP_ROLE, 1), Absent::kUnequal,
        filter.dccp_role);
}

void changing(Program& program, const Filter& filter) {
  status(program, filter);
  if (filter.mark)
    program.condition({{}, CTA_MARK, 4}, Absent::kZero, {filter.mark->value, filter.mark->mask});
  equal(program, {{}, CTA_SECMARK, 4}, Absent::kUnequal, filter.secmark);
  equal(program, {{}, CTA_TIMEOUT, 4}, Absent::kUnequal, filter.timeout);
  labels(program, filter.labels);
  protocol_state(program, filter);
}

/// What was translated to an address, or port, is answered to from there.
void imply(const NatFilter& nat, Address& address, Address& mask, std::optional<uint16_t>& port) {
  if (nat.address.is_set() && !address.is_set()) address = nat.address, mask = {};
  if (nat.port && !port) port = nat.port;
}

Filter with_implied(Filter filter) {
  TupleFilter& reply = filter.reply;
  if (filter.src_nat) imply(*filter.src_nat, reply.dst, reply.dst_mask, reply.dport);
  if (filter.dst_nat) imply(*filter.dst_nat, reply.src, reply.src_mask, reply.sport);
  return filter;
}

void families(Program& program, const Filter& filter) {
  uint8_t asked = AF_UNSPEC;
  for (const uint8_t family : {filter.family, filter.orig.src.family, filter.orig.dst.family,
                               filter.reply.src.family, filter.reply.dst.family})
    if (family != AF_UNSPEC && family != asked) program.family(asked = family);
}

}  // namespace

std::vector<sock_filter> compile_event_filter(const Filter& filter, bool all_ends) {
  const Filter whole = with_implied(filter);
  Program program;
  program.envelope();
  families(program, whole);
  program.open({CTA_TUPLE_ORIG});
  lasting(program, whole);
  if (all_ends) program.pass_ends();
  changing(program, whole);
  return program.finish();
}

}  // namespace ctwin::ctnetlink
