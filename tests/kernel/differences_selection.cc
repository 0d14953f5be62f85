// Differences in what is selected: conntrack gets to see only the entries that the option in
// question means, and is run without it.
#include <arpa/inet.h>

#include <algorithm>

#include "differences.h"

namespace ctwin::test {

namespace {

bool selects(const CommandLine& line) {
  return line.one_of({"dump", "delete", "update"}) && line.table() != "expect";
}

// ---- -u ----

constexpr uint32_t kSeenOrAssured = kSeenReply | kAssured;
constexpr uint32_t kOffload = 1 << 14;
constexpr uint32_t kHwOffload = 1 << 15;

struct StatusCondition {
  uint32_t set = 0;
  uint32_t clear = 0;
  bool unset = false;
  bool simple = true;  ///< conntrack's -L gets it right
  bool known = true;
};

bool add_status_word(std::string_view word, StatusCondition& condition) {
  constexpr std::pair<std::string_view, uint32_t> kWords[] = {{"ASSURED", kAssured},
                                                              {"SEEN_REPLY", kSeenReply},
                                                              {"UNSET", 0},
                                                              {"FIXED_TIMEOUT", kFixedTimeout},
                                                              {"EXPECTED", kExpected},
                                                              {"OFFLOAD", kOffload},
                                                              {"HW_OFFLOAD", kHwOffload}};
  if (word.starts_with("UNREPLIED")) return condition.clear |= kSeenReply, true;
  const bool negated = word.starts_with('!');
  if (negated) word.remove_prefix(1);
  // These are warned about and mean nothing; rows with them are left to conntrack.
  if (word.empty() || begins(word, "SRC_NAT") || begins(word, "DST_NAT")) return false;
  for (const auto& [name, bit] : kWords) {
    if (!begins(word, name)) continue;
    (negated ? condition.clear : condition.set) |= bit;
    condition.unset |= bit == 0;
    return true;
  }
  return false;
}

StatusCondition status_condition(const CommandLine& line) {
  StatusCondition condition;
  for (const Option& option : line.options()) {
    if (option.name != "status") continue;
    for (const std::string& word : split_list(*option.value))
      condition.known &= add_status_word(word, condition);
  }
  condition.simple =
      line.count("status") == 1 && (condition.set == 0 || condition.clear == 0) && !condition.unset;
  // Entries without any of the bits that have a name.
  if (condition.unset && condition.set == 0 && condition.clear == 0)
    condition.clear = kSeenOrAssured | kFixedTimeout | kExpected | kOffload | kHwOffload;
  return condition;
}

bool status(Plan& plan) {
  if (!plan.line.one_of({"dump", "delete"}) || !plan.line.has("status") || plan.refused())
    return false;
  const StatusCondition condition = status_condition(plan.line);
  const bool negative = condition.clear != 0 || condition.unset;
  if (!condition.known || (plan.line.is("dump") ? condition.simple : !negative)) return false;
  plan.line.remove("status");
  plan.rewritten = true;
  plan.keep([condition](const Entry& entry) {
    return (entry.status & condition.set) == condition.set && (entry.status & condition.clear) == 0;
  });
  return true;
}

/// The old words alone are no condition; conntrack -D takes that for "all".
bool old_status_words(Plan& plan) {
  if (!plan.line.is("delete") || !plan.line.has("status") || plan.refused()) return false;
  for (const Option& option : plan.line.options()) {
    if (option.name != "status") continue;
    for (const std::string& word : split_list(*option.value))
      if (!begins(word, "SRC_NAT") && !begins(word, "DST_NAT")) return false;
  }
  plan.edit([&plan](Run& run) {
    const std::vector<std::string> warnings(run.seen.errors.begin(), run.seen.errors.end() - 1);
    expect_refusal(plan, "Operation failed: invalid parameters", run, 1);
    run.seen.errors.insert(run.seen.errors.begin(), warnings.begin(), warnings.end());
  });
  return true;
}

// ---- -t of -D ----

bool timeout(Plan& plan) {
  if (!plan.line.is("delete") || plan.line.table() == "expect" || !plan.line.has("timeout") ||
      plan.refused())
    return false;
  const auto wanted = number(plan.line.value("timeout"), 10, 0xffffffff);
  plan.line.remove("timeout");
  plan.rewritten = true;
  plan.like.after_a_tick = true;
  plan.keep([wanted](const Entry& entry) { return entry.timeout == wanted; });
  return true;
}

// ---- -n, -g, -j ----

struct NatCondition {
  std::optional<std::string> address;
  std::optional<uint16_t> port;
};

NatCondition nat_condition(const Option& option) {
  NatCondition condition;
  if (!option.value) return condition;
  std::string address = *option.value;
  std::string port;
  if (address.starts_with('[')) {
    const size_t close = address.find("]:");
    port = address.substr(close + 2);
    address = address.substr(1, close - 1);
  } else if (std::count(address.begin(), address.end(), ':') == 1) {
    port = address.substr(address.find(':') + 1);
    address.resize(address.find(':'));
  }
  if (!port.empty()) condition.port = static_cast<uint16_t>(*number(port, 10, 0xffff));
  // As the table prints it.
  unsigned char bytes[16];
  char text[INET6_ADDRSTRLEN];
  const int family = address.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(family, address.c_str(), bytes) == 1)
    address = inet_ntop(family, bytes, text, sizeof text);
  condition.address = address;
  return condition;
}

bool source_matches(const Entry& entry, const NatCondition& condition) {
  if (!is_src_nat(entry)) return false;
  const bool address = entry.orig.src != entry.reply.dst;
  if (condition.address && (!address || entry.reply.dst != *condition.address)) return false;
  return !condition.port ||
         (entry.orig.sport != entry.reply.dport && entry.reply.dport == *condition.port);
}

bool destination_matches(const Entry& entry, const NatCondition& condition) {
  if (!is_dst_nat(entry)) return false;
  const bool address = entry.orig.dst != entry.reply.src;
  if (condition.address && (!address || entry.reply.src != *condition.address)) return false;
  return !condition.port ||
         (entry.orig.dport != entry.reply.sport && entry.reply.sport == *condition.port);
}

bool nat(Plan& plan) {
  if (!selects(plan.line) || plan.refused()) return false;
  bool found = false;
  for (const Option& option : plan.line.options()) {
    if (option.name != "src-nat" && option.name != "dst-nat" && option.name != "any-nat") continue;
    const NatCondition condition = nat_condition(option);
    const bool source = option.name != "dst-nat";
    const bool destination = option.name != "src-nat";
    plan.keep([=](const Entry& entry) {
      return (source && source_matches(entry, condition)) ||
             (destination && destination_matches(entry, condition));
    });
    found = true;
  }
  for (const char* name : {"src-nat", "dst-nat", "any-nat"}) plan.line.remove(name);
  plan.rewritten |= found;
  return found;
}

/// ICMP has no ports that could be translated; in events it is recognised by its line.
bool nat_of_icmp_events(Plan& plan) {
  if (!plan.line.is("event") || !plan.line.has_any({"src-nat", "dst-nat", "any-nat"})) return false;
  plan.edit([](Run& run) {
    size_t gone = 0;
    std::erase_if(run.seen.output, [&](const Line& line) {
      const bool icmp = line.text.find(" icmp ") != std::string::npos ||
                        line.text.find(" icmpv6 ") != std::string::npos;
      gone += icmp;
      return icmp;
    });
    if (gone != 0) set_summary_count(run.seen, run.seen.output.size());
  });
  return true;
}

// ---- protocols ----

bool gre_keys(Plan& plan) {
  if (!selects(plan.line) || plan.refused()) return false;
  using Get = uint16_t (*)(const Entry&);
  constexpr std::pair<const char*, Get> kKeys[] = {
      {"srckey", [](const Entry& entry) { return entry.orig.sport; }},
      {"dstkey", [](const Entry& entry) { return entry.orig.dport; }},
      {"reply-key-src", [](const Entry& entry) { return entry.reply.sport; }},
      {"reply-key-dst", [](const Entry& entry) { return entry.reply.dport; }}};
  bool found = false;
  for (const auto& [name, get] : kKeys) {
    if (!plan.line.has(name)) continue;
    const auto wanted = number(plan.line.value(name), 0, 0xffff);
    plan.keep([wanted, get = get](const Entry& entry) { return get(entry) == wanted; });
    plan.line.remove(name);
    found = plan.rewritten = true;
  }
  return found;
}

bool gre_keys_of_events(Plan& plan) {
  if (!plan.line.is("event") || !plan.line.has("srckey") || plan.refused()) return false;
  char key[32];
  std::snprintf(key, sizeof key, " srckey=0x%x ",
                static_cast<unsigned>(*number(plan.line.value("srckey"), 0, 0xffff)));
  plan.edit([key = std::string(key)](Run& run) {
    std::erase_if(run.seen.output,
                  [&](const Line& line) { return line.text.find(key) == std::string::npos; });
    set_summary_count(run.seen, run.seen.output.size());
  });
  return true;
}

/// conntrack cannot select by these at all, and says so.
bool tags_and_roles(Plan& plan) {
  if (!plan.line.one_of({"dump", "delete", "event"}) || !plan.refused()) return false;
  const std::string& problem = plan.conntrack().seen.errors.front();
  if (problem.find("--orig-vtag") == std::string::npos &&
      problem.find("--reply-vtag") == std::string::npos &&
      problem.find("--role") == std::string::npos)
    return false;
  const bool sctp = plan.line.has_any({"orig-vtag", "reply-vtag"});
  if (!sctp && !plan.line.has("role")) return false;
  constexpr const char* kTags[] = {"orig-vtag", "reply-vtag"};
  for (size_t i = 0; i < 2; ++i) {
    if (!plan.line.has(kTags[i])) continue;
    const auto wanted = number(plan.line.value(kTags[i]), 10, 0xffffffff);
    plan.keep(
        [wanted, i](const Entry& entry) { return entry.sctp_state && entry.vtags[i] == wanted; });
  }
  // The kernel keeps no DCCP entries that have a role.
  if (plan.line.has("role")) plan.keep([](const Entry&) { return false; });
  for (const char* name : {"orig-vtag", "reply-vtag", "role"}) plan.line.remove(name);
  return plan.rewritten = plan.forgiven = true;
}

bool sctp_heartbeat(Plan& plan) {
  const std::string_view state = plan.line.value("state");
  if (!state.starts_with("HEARTBEAT_") || plan.conntrack().seen.signal == 0) return false;
  plan.rewritten = true;
  if (selects(plan.line) && !plan.line.is("update")) {
    const uint8_t wanted = state == "HEARTBEAT_SENT" ? 8 : 9;
    plan.keep([wanted](const Entry& entry) { return entry.sctp_state == wanted; });
    plan.line.remove("state");
    return true;
  }
  // What is created or changed is made with a state that conntrack knows, then put right.
  const uint8_t wanted = state == "HEARTBEAT_SENT" ? 8 : 9;
  plan.line.set("state", "SHUTDOWN_ACK_SENT");
  plan.edit([wanted](Run& run) {
    for (Entry& entry : run.after.entries)
      if (entry.sctp_state == 7) entry.sctp_state = wanted;
  });
  return true;
}

// ---- the rest ----

/// Entries of a kernel without security marks match no -c.
bool secmark(Plan& plan) {
  if (!plan.line.one_of({"dump", "event"}) || !plan.line.has("secmark") || plan.refused())
    return false;
  plan.line.remove("secmark");
  plan.rewritten = true;
  plan.keep([](const Entry&) { return false; });
  if (plan.line.is("event"))
    plan.edit([](Run& run) {
      run.seen.output.clear();
      set_summary_count(run.seen, 0);
    });
  return true;
}

/// An event without a mark is one with mark 0.
bool mark_of_events(Plan& plan) {
  if (!plan.line.is("event") || !plan.line.has("mark") || plan.refused()) return false;
  const std::string_view text = plan.line.value("mark");
  const size_t slash = text.find('/');
  const uint64_t value = number(text.substr(0, slash), 0, 0xffffffff).value_or(0);
  const uint64_t mask = slash == std::string_view::npos
                            ? 0xffffffff
                            : number(text.substr(slash + 1), 0, 0xffffffff).value_or(0);
  if (value != 0 || plan.line.has("output")) return false;
  plan.line.remove("mark");
  plan.rewritten = true;
  plan.edit([mask](Run& run) {
    std::erase_if(run.seen.output, [&](const Line& line) {
      const size_t at = line.text.find(" mark=");
      if (at == std::string::npos) return false;
      return (std::strtoull(line.text.c_str() + at + 6, nullptr, 10) & mask) != 0;
    });
    set_summary_count(run.seen, run.seen.output.size());
  });
  return true;
}

/// -z with the filters that conntrack does not refuse: the others keep their counters.
bool zero_filtered(Plan& plan) {
  if (!plan.line.is("dump") || !plan.line.has("zero") || plan.refused()) return false;
  bool found = plan.line.has_any({"src-nat", "dst-nat", "any-nat"});
  if (plan.line.has("family")) {
    const uint8_t family = plan.line.value("family").starts_with("ipv6") ? AF_INET6 : AF_INET;
    plan.keep([family](const Entry& entry) { return entry.family == family; });
    found = true;
  }
  return found;
}

bool flush_family(Plan& plan) {
  if (!plan.line.is("flush") || !plan.line.has("family") || plan.refused()) return false;
  const uint8_t family = plan.line.value("family").starts_with("ipv6") ? AF_INET6 : AF_INET;
  plan.keep([family](const Entry& entry) { return entry.family == family; });
  return true;
}

constexpr Difference kDifferences[] = {
    {"-z and filters", "section 7 item 16: -L -z zeroes only what it shows", zero_filtered},
    {"-u", "section 7 items 1 and 10: negated, mixed and repeated status words all count", status},
    {"-u SRC_NAT", "section 7 item 1: old words alone are an error for -D, too", old_status_words},
    {"-D -t", "section 5.2: the timeout counts, alone too", timeout},
    {"-n -g -j", "section 7 items 2, 3 and 11: IPv6 addresses count, ICMP has no ports", nat},
    {"-n -g -j and events", "section 7 item 11: ICMP has no ports", nat_of_icmp_events},
    {"GRE keys", "section 7 item 4: they are compared", gre_keys},
    {"GRE keys and events", "section 7 item 4: they are compared", gre_keys_of_events},
    {"vtags and roles", "section 7 item 4: SCTP and DCCP can be selected by them", tags_and_roles},
    {"SCTP heartbeats", "section 7 items 19 and 20: states like the others", sctp_heartbeat},
    {"-c", "section 7 item 10: the security mark is compared", secmark},
    {"-E -m 0", "section 7 item 17: an event without mark has mark 0", mark_of_events},
    {"-F -f", "section 7 item 6: only this family", flush_family},
};

}  // namespace

std::span<const Difference> differences_of_selection() { return kDifferences; }

}  // namespace ctwin::test
