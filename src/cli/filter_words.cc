#include "cli/filter_words.h"

#include <strings.h>

#include <array>

#include "cli/names.h"

namespace ctwin::cli {

namespace {

using Subject = FilterSubject;
using Values = FilterValues;

constexpr uint64_t kMax16 = UINT16_MAX;
constexpr uint64_t kMax32 = UINT32_MAX;
constexpr uint64_t kMax64 = UINT64_MAX;

constexpr SubjectWord address(std::string_view name, Values values, std::string_view wants) {
  return {name, Subject::kAddress, values, kAllSides, false, true, true, true, 0, wants};
}

constexpr SubjectWord port(std::string_view name, Subject subject, uint8_t sides) {
  const bool key = subject == Subject::kKey;
  const std::string_view wants =
      key ? "a key from 0 to 65535, or a range as in 1-5"
          : "a number from 0 to 65535, a range as in 8000-8080, or a name in /etc/services";
  return {name,  subject, key ? Values::kNumber : Values::kPort,
          sides, false,   sides == kAllSides,
          true,  true,    kMax16,
          wants};
}

constexpr SubjectWord icmp(std::string_view name, Subject subject, uint64_t max) {
  return {name,
          subject,
          Values::kNumber,
          kAllSides,
          false,
          false,
          true,
          true,
          max,
          "a number, or a range as in 3-5"};
}

/// A value of the entry as a whole.
constexpr SubjectWord entry(std::string_view name, Subject subject, Values values, uint64_t max,
                            bool pools, std::string_view wants) {
  return {name, subject, values, 0, true, false, false, pools, max, wants};
}

/// A value of the entry as a whole, and of each of its directions.
constexpr SubjectWord counted(std::string_view name, Subject subject, Values values, uint64_t max,
                              std::string_view wants) {
  return {name, subject, values, kAllSides, true, false, false, true, max, wants};
}

constexpr std::string_view kAmountWants = "a number such as 1500, 64Ki or 1M, or a range of two";
constexpr std::string_view kSecondsWants = "seconds, or a time such as 90s or 1h30m, or a range";

constexpr std::array<SubjectWord, 24> kSubjects{{
    address("host", Values::kAddress, "an IPv4 or IPv6 address"),
    address("net", Values::kNetwork, "a network as in 10.0.0.0/8, or an address"),
    port("port", Subject::kPort, kAllSides),
    port("portrange", Subject::kPort, kAllSides),
    port("sport", Subject::kPort, kSrcSides),
    port("dport", Subject::kPort, kDstSides),
    port("key", Subject::kKey, kAllSides),
    port("srckey", Subject::kKey, kSrcSides),
    port("dstkey", Subject::kKey, kDstSides),
    entry("proto", Subject::kProtocol, Values::kProtocol, 0, true,
          "tcp, udp, another protocol's name, or a number from 0 to 255"),
    entry("family", Subject::kFamily, Values::kFamily, 0, true, "ipv4 or ipv6"),
    entry("state", Subject::kState, Values::kState, 0, true, "a state, such as established"),
    entry("status", Subject::kStatus, Values::kStatus, 0, false,
          "assured, unreplied, seen_reply, expected, confirmed, fixed_timeout, offload, "
          "hw_offload, dying, helper, src_nat, dst_nat, src_nat_done, dst_nat_done, seq_adjust, "
          "template or untracked"),
    entry("mark", Subject::kMark, Values::kMark, kMax32, false,
          "a number, a number and its mask as in 0x10/0xff, or a range"),
    counted("zone", Subject::kZone, Values::kNumber, kMax16, "a number from 0 to 65535"),
    entry("label", Subject::kLabel, Values::kLabel, 0, false,
          "a name in the file of labels, or a bit's number from 0 to 127"),
    entry("helper", Subject::kHelper, Values::kHelper, 0, false, "a helper's name, such as ftp"),
    entry("timeout", Subject::kTimeout, Values::kSeconds, kMax32, true, kSecondsWants),
    counted("bytes", Subject::kBytes, Values::kAmount, kMax64, kAmountWants),
    counted("packets", Subject::kPackets, Values::kAmount, kMax64, kAmountWants),
    entry("age", Subject::kAge, Values::kSeconds, kMax64, true, kSecondsWants),
    entry("id", Subject::kId, Values::kNumber, kMax32, true, "a number, as -o id shows it"),
    entry("use", Subject::kUse, Values::kNumber, kMax32, true, "a number"),
    entry("secmark", Subject::kSecmark, Values::kNumber, kMax32, true, "a number"),
}};

constexpr std::array<SubjectWord, 3> kIcmpSubjects{{
    icmp("type", Subject::kIcmpType, UINT8_MAX),
    icmp("code", Subject::kIcmpCode, UINT8_MAX),
    icmp("id", Subject::kIcmpId, kMax16),
}};

void make_family(uint8_t family, FilterNode& node) {
  node.condition.subject = Subject::kFamily;
  node.condition.ranges = {{family, family}};
}

FilterNode plain(Subject subject, uint32_t status = 0) {
  FilterNode node;
  node.condition.subject = subject;
  node.condition.mask = status;
  return node;
}

FilterNode around(FilterNode::Kind kind, std::vector<FilterNode> children) {
  FilterNode node;
  node.kind = kind;
  node.children = std::move(children);
  return node;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string in_quotes(std::string_view before, std::string_view word, std::string_view after) {
  return std::string(before).append("`").append(word).append("'").append(after);
}

const SubjectWord* find_subject(std::string_view word, bool icmp) {
  if (icmp)
    for (const SubjectWord& known : kIcmpSubjects)
      if (same_word(known.name, word)) return &known;
  for (const SubjectWord& known : kSubjects)
    if (same_word(known.name, word)) return &known;
  return nullptr;
}

bool read_protocol_word(std::string_view word, FilterNode& node) {
  if (same_word(word, "ip") || same_word(word, "ipv4")) return make_family(AF_INET, node), true;
  if (same_word(word, "ip6") || same_word(word, "ipv6")) return make_family(AF_INET6, node), true;
  const auto proto = named_protocol(same_word(word, "icmp6") ? "icmpv6" : word);
  if (!proto) return false;
  node.condition.subject = Subject::kProtocol;
  node.condition.ranges = {{*proto, *proto}};
  return true;
}

bool read_plain_word(std::string_view word, FilterNode& node) {
  if (same_word(word, "snat"))
    node = plain(Subject::kSourceNat);
  else if (same_word(word, "dnat"))
    node = plain(Subject::kDestinationNat);
  else if (same_word(word, "nat"))
    node = around(FilterNode::Kind::kOr,
                  {plain(Subject::kSourceNat), plain(Subject::kDestinationNat)});
  else if (same_word(word, "assured"))
    node = plain(Subject::kStatus, kAssured);
  else if (same_word(word, "unreplied"))
    node = around(FilterNode::Kind::kNot, {plain(Subject::kStatus, kSeenReply)});
  else
    return false;
  return true;
}

}  // namespace ctwin::cli
