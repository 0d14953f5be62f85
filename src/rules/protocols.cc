#include "rules/protocols.h"

#include "rules/values.h"

namespace ctwin::rules {

namespace {

struct Row {
  const char* name;
  uint8_t number;
};

/// The first of several names of one number is the one that is printed.
constexpr Row kRows[] = {
    {"ip", 0},        {"hopopt", 0},       {"icmp", 1},        {"igmp", 2},
    {"ggp", 3},       {"ipencap", 4},      {"st", 5},          {"tcp", 6},
    {"egp", 8},       {"igp", 9},          {"pup", 12},        {"udp", 17},
    {"hmp", 20},      {"xns-idp", 22},     {"rdp", 27},        {"iso-tp4", 29},
    {"dccp", 33},     {"xtp", 36},         {"ddp", 37},        {"idpr-cmtp", 38},
    {"ipv6", 41},     {"ipv6-route", 43},  {"ipv6-frag", 44},  {"idrp", 45},
    {"rsvp", 46},     {"gre", 47},         {"esp", 50},        {"ah", 51},
    {"skip", 57},     {"ipv6-icmp", 58},   {"ipv6-nonxt", 59}, {"ipv6-opts", 60},
    {"rspf", 73},     {"vmtp", 81},        {"eigrp", 88},      {"ospf", 89},
    {"ax.25", 93},    {"ipip", 94},        {"etherip", 97},    {"encap", 98},
    {"pim", 103},     {"ipcomp", 108},     {"vrrp", 112},      {"l2tp", 115},
    {"isis", 124},    {"sctp", 132},       {"fc", 133},        {"mobility-header", 135},
    {"udplite", 136}, {"mpls-in-ip", 137}, {"manet", 138},     {"hip", 139},
    {"shim6", 140},   {"wesp", 141},       {"rohc", 142},      {"ethernet", 143},
    {"icmpv6", 58},   {"ipv6-mh", 135},    {"mh", 135},        {"all", 0},
};

}  // namespace

const char* protocol_name(uint16_t number) {
  for (const Row& row : kRows)
    if (row.number == number) return row.name;
  return nullptr;
}

std::optional<uint16_t> protocol_number(std::string_view word) {
  if (const auto number = whole_number(word, 0, UINT8_MAX)) return static_cast<uint16_t>(*number);
  for (const Row& row : kRows)
    if (word == row.name) return row.number;
  return {};
}

}  // namespace ctwin::rules
