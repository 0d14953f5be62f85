// Differences in creating and updating entries and expectations.
#include <algorithm>

#include "differences.h"

namespace ctwin::test {

namespace {

constexpr uint32_t kNeverCleared = kSeenReply | kAssured;

bool creates(const CommandLine& line) {
  return line.one_of({"create", "add"}) && line.table() != "expect";
}

bool failed(const Observation& seen) {
  return !seen.errors.empty() && seen.errors.back().starts_with("PFX: Operation failed");
}

Option protocol_option(const char* name, std::string value) {
  Option option;
  option.name = name, option.value = std::move(value), option.of_protocol = true;
  return option;
}

// ---- -I, -A ----

bool nat_without_address(Plan& plan) {
  if (!creates(plan.line) || plan.refused()) return false;
  for (const char* name : {"src-nat", "dst-nat"}) {
    const Option* option = plan.line.find(name);
    if (!option || option->value) continue;
    plan.settled = true;
    plan.edit([&plan, name](Run& run) {
      expect_refusal(plan, std::string("--") + name + " needs an address with this command", run);
    });
    return true;
  }
  return false;
}

/// conntrack 1.4.7 keeps the mark only if it stands behind -u.
bool mark_and_status(Plan& plan) {
  if (!creates(plan.line) && !plan.line.is("update")) return false;
  if (!plan.line.has("mark") || !plan.line.has("status")) return false;
  plan.line.move_to_end("mark");
  return plan.rewritten = true;
}

bool has_port(const std::string& nat) {
  return nat.starts_with('[') || std::count(nat.begin(), nat.end(), ':') == 1;
}

/// conntrack sends the port of NAT for TCP and UDP only.
bool nat_ports(Plan& plan) {
  if (!creates(plan.line) || plan.refused()) return false;
  const std::string_view protocol = plan.line.value("protonum");
  if (protocol != "sctp" && protocol != "udplite") return false;
  std::optional<uint16_t> source, destination;
  for (const Option& option : plan.line.options()) {
    if (!option.value || !has_port(*option.value)) continue;
    const uint16_t port = static_cast<uint16_t>(
        *number(option.value->substr(option.value->rfind(':') + 1), 10, 0xffff));
    if (option.name == "src-nat") source = port;
    if (option.name == "dst-nat") destination = port;
  }
  if (!source && !destination) return false;
  plan.edit([=](Run& run) {
    for (Entry& entry : run.after.entries) {
      const auto same = [&](const Entry& other) { return other.name() == entry.name(); };
      if (std::any_of(run.before.entries.begin(), run.before.entries.end(), same)) continue;
      if (source) entry.reply.dport = *source;
      if (destination) entry.reply.sport = *destination;
    }
  });
  return true;
}

uint32_t swapped(uint32_t value) { return __builtin_bswap32(value); }

/// conntrack sends the tags in the byte order of the machine; those of the fixture read the same
/// in both orders.
bool vtags(Plan& plan) {
  if (plan.line.one_of({"dump", "delete", "event"})) return false;
  if (!plan.line.has_any({"orig-vtag", "reply-vtag"}) || plan.refused()) return false;
  plan.edit([](Run& run) {
    for (Entry& entry : run.after.entries)
      for (uint32_t& tag : entry.vtags) tag = swapped(tag);
  });
  return true;
}

/// conntrack sends the state without the tags, which the kernel refuses.
bool sctp_update(Plan& plan) {
  if (!plan.line.is("update") || plan.line.value("protonum") != "sctp") return false;
  if (!plan.line.has("state") || plan.line.has_any({"orig-vtag", "reply-vtag"})) return false;
  plan.line.append(protocol_option("orig-vtag", "16843009"));
  plan.line.append(protocol_option("reply-vtag", "33686018"));
  return plan.rewritten = true;
}

bool icmpv6_code(Plan& plan) {
  if (!plan.line.one_of({"create", "add", "get"}) || plan.line.table() == "expect") return false;
  if (!plan.line.has("icmpv6-type") || plan.line.has("icmpv6-code")) return false;
  plan.line.append(protocol_option("icmpv6-code", "0"));
  return plan.rewritten = plan.forgiven = true;
}

/// Addresses of both directions, but ports of one: conntrack leaves the other's protocol out.
bool reply_ports(Plan& plan) {
  if (!creates(plan.line) || plan.refused()) return false;
  if (!plan.line.has_any({"src", "dst"}) || !plan.line.has_any({"reply-src", "reply-dst"}))
    return false;
  if (!plan.line.has("sport") || plan.line.has_any({"reply-port-src", "reply-port-dst"}))
    return false;
  plan.line.append(protocol_option("reply-port-src", std::string(plan.line.value("dport"))));
  plan.line.append(protocol_option("reply-port-dst", std::string(plan.line.value("sport"))));
  return plan.rewritten = true;
}

/// Both addresses translated: conntrack loses the ports that the reply direction names.
bool double_nat(Plan& plan) {
  if (!creates(plan.line) || plan.refused()) return false;
  if (!plan.line.has("src-nat") || !plan.line.has("dst-nat")) return false;
  if (!plan.line.has("reply-port-src") || !plan.line.has("reply-port-dst")) return false;
  const auto add_port = [&](const char* nat, const char* port) {
    const std::string address(plan.line.value(nat));
    if (address.find(':') != std::string::npos) return;
    plan.line.set(nat, address + ":" + std::string(plan.line.value(port)));
  };
  add_port("src-nat", "reply-port-dst");
  add_port("dst-nat", "reply-port-src");
  return plan.rewritten = true;
}

/// Only the reply's addresses with the original's ports: conntrack makes an entry of protocol 0.
bool reply_addresses_only(Plan& plan) {
  if (!creates(plan.line) || plan.refused() || plan.line.has_any({"src", "dst"})) return false;
  const bool ports = plan.line.has("sport") && !plan.line.has("reply-port-src");
  const bool icmp = plan.line.has_any({"icmp-type", "icmpv6-type"});
  if (!ports && !icmp) return false;
  plan.line.rename("reply-dst", "src", 's');
  plan.line.rename("reply-src", "dst", 'd');
  return plan.rewritten = true;
}

constexpr const char* kFixed = "Device or resource busy (the entry's timeout is fixed)";

/// What -A makes of an entry that exists, or the reason why it cannot. The kernel changes the
/// timeout before it looks at the status.
std::optional<std::string> add_to(const CommandLine& line, Entry& entry) {
  uint32_t wanted = kConfirmed;
  for (const std::string& word : split_list(line.value("status"))) {
    if (word.empty()) continue;
    if (begins(word, "ASSURED")) wanted |= kAssured;
    if (begins(word, "SEEN_REPLY")) wanted |= kSeenReply;
    if (begins(word, "FIXED_TIMEOUT")) wanted |= kFixedTimeout;
  }
  const bool fixed = (entry.status & kFixedTimeout) != 0;
  if (fixed && (wanted & kFixedTimeout) == 0) return kFixed;
  if (!fixed) entry.timeout = static_cast<uint32_t>(*number(line.value("timeout"), 10, 0xffffffff));
  if (line.has("status")) {
    if ((entry.status & kNeverCleared & ~wanted) != 0) return "Device or resource busy";
    entry.status |= wanted;
  }
  if (line.has("mark")) {
    const std::string_view text = line.value("mark");
    entry.mark = static_cast<uint32_t>(*number(text.substr(0, text.find('/')), 0, 0xffffffff));
  }
  return {};
}

constexpr std::string_view kTcpStates[] = {"NONE",     "SYN_SENT",   "SYN_RECV", "ESTABLISHED",
                                           "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT",
                                           "CLOSE",    "SYN_SENT2"};

std::string canonical_nat(std::string_view text) {
  return std::string(
      text.substr(0, text.find(':') == text.rfind(':') ? text.find(':') : text.npos));
}

/// NAT that the entry has already may be asked for again.
bool nat_fits(const CommandLine& line, const Entry& entry) {
  if (line.has("src-nat") && canonical_nat(line.value("src-nat")) != entry.reply.dst) return false;
  return !line.has("dst-nat") || canonical_nat(line.value("dst-nat")) == entry.reply.src;
}

/// The entry with the original tuple that the words name. conntrack says only that there is one.
Entry* named_entry(const CommandLine& line, std::vector<Entry>& entries) {
  const auto port = [&](const char* name) {
    return static_cast<uint16_t>(number(line.value(name), 10, 0xffff).value_or(0));
  };
  const uint16_t zone = static_cast<uint16_t>(number(line.value("zone"), 0, 0xffff).value_or(0));
  for (Entry& entry : entries) {
    const Direction& orig = entry.orig;
    if (orig.src != line.value("src") || orig.dst != line.value("dst") || entry.zone != zone)
      continue;
    const bool udp = line.value("protonum") == "udp" && entry.proto == 17;
    const bool tcp = line.value("protonum") == "tcp" && entry.proto == 6;
    if ((udp || tcp) && orig.sport == port("sport") && orig.dport == port("dport")) return &entry;
  }
  return nullptr;
}

void expect_addition(const Plan& plan, Run& run) {
  run.seen.errors = {"PFX: 1 flow entries have been added."};
  run.after = run.before;
  Entry* entry = named_entry(plan.line, run.after.entries);
  if (!entry) return;
  std::optional<std::string> problem;
  if (!nat_fits(plan.line, *entry)) problem = "Operation not supported";
  if (!problem) problem = add_to(plan.line, *entry);
  if (problem) {
    run.seen.errors = {"PFX: Operation failed: " + *problem};
    run.seen.exit_code = 1;
    return;
  }
  const auto* state =
      std::find(std::begin(kTcpStates), std::end(kTcpStates), plan.line.value("state"));
  if (entry->tcp_state && state != std::end(kTcpStates))
    entry->tcp_state = static_cast<uint8_t>(state - std::begin(kTcpStates));
}

bool add_existing(Plan& plan) {
  const auto& errors = plan.conntrack().seen.errors;
  if (!plan.line.is("add") || errors.empty() ||
      errors.back() != "PFX: 0 flow entries have been added.")
    return false;
  plan.edit([&plan](Run& run) { expect_addition(plan, run); });
  return true;
}

/// Which of the errors conntrack 1.4.7 does not report are these: EEXIST is the only one it hides.
bool add_expected(Plan& plan) {
  if (!plan.line.is("add") || plan.refused()) return false;
  if (std::string_view words = plan.line.value("status"); words.find("EXPECTED") == words.npos)
    return false;
  std::string words;
  for (const std::string& word : split_list(plan.line.value("status")))
    if (word != "EXPECTED") words += (words.empty() ? "" : ",") + word;
  plan.line.set("status", words.empty() ? "UNSET" : words);
  return plan.rewritten = true;
}

// ---- -U ----

void insert_before(std::string& text, std::string_view mark, size_t skip, const std::string& what) {
  size_t at = text.find(mark);
  while (skip-- > 0 && at != std::string::npos) at = text.find(mark, at + 1);
  if (at != std::string::npos) text.insert(at, what);
}

/// Puts the zone that `entry` has into the line of the same entry without zone.
void add_zone(const FixtureEntry& entry, Line& line) {
  std::string& text = line.text;
  const std::string zone = std::to_string(entry.zone + entry.orig_zone + entry.reply_zone);
  if (text.starts_with("-A ")) {
    const char* option = entry.zone != 0        ? " -w "
                         : entry.orig_zone != 0 ? " --orig-zone "
                                                : " --reply-zone ";
    return insert_before(text, " -s ", 0, option + zone);
  }
  const bool xml = text.starts_with('<');
  const std::string element = "<zone>" + zone + "</zone>";
  if (entry.zone != 0)
    return xml ? insert_before(text, "<use>", 0, element)
               : insert_before(text, " delta-time=", 0, " zone=" + zone);
  const size_t skip = entry.reply_zone != 0 ? 1 : 0;
  if (xml) return insert_before(text, "<counters>", skip, element);
  insert_before(text, " packets=", skip, (skip != 0 ? " zone-reply=" : " zone-orig=") + zone);
}

FixtureEntry without_zone(FixtureEntry entry) {
  entry.zone = entry.orig_zone = entry.reply_zone = 0;
  return entry;
}

bool has_zone(const FixtureEntry& entry) {
  return entry.zone + entry.orig_zone + entry.reply_zone != 0;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Updates entry after entry with conntrack: it counts all of them but prints only some, ignores
/// zones, does not know what to do without a family, and turns TCP's window tracking off.
class UpdateOneByOne {
 public:
  UpdateOneByOne(Runner& runner, const Plan& plan) : runner_(runner), plan_(plan) {}

  Run run() {
    result_.before = plan_.conntrack().before;
    result_.after = result_.before;
    for (const FixtureEntry& entry : standard_entries()) {
      const Entry* known = find_entry(result_.before.entries, entry);
      if (!known || !plan_.keeps(*known) || !is_wanted(entry)) continue;
      update(entry, *known);
    }
    finish();
    return std::move(result_);
  }

 private:
  bool is_wanted(const FixtureEntry& entry) const {
    const std::string_view id = plan_.line.value("id");
    if (id.empty()) return true;
    return id == "{id:" + std::string(entry.name) + "}";
  }

  Invocation one(const Entry& known, uint32_t id) const {
    CommandLine line = plan_.line;
    line.remove("id");
    Option option;
    option.name = "id", option.letter = 'i', option.value = std::to_string(id);
    line.append(option);
    if (!line.has("family")) {
      option.name = "family", option.letter = 'f';
      option.value = known.family == 10 ? "ipv6" : "ipv4";
      line.append(option);
    }
    Invocation invocation = plan_.like;
    invocation.words = line.words();
    return invocation;
  }

  /// conntrack on tables where the entry is without its zone.
  void update(const FixtureEntry& entry, const Entry& known) {
    std::vector<FixtureEntry> entries;
    for (const FixtureEntry& other : standard_entries()) {
      if (std::string_view(other.name) == entry.name)
        entries.push_back(without_zone(entry));
      else if (!in_the_way(other, entry))
        entries.push_back(other);
    }
    const uint32_t id = runner_.prepare(entries, without_zone(entry));
    const Run run = runner_.run(Side::kConntrack, one(known, id), {}, true);
    // A family that does not fit selects nothing.
    if (run.seen.exit_code == 2) return;
    const auto failed = [](const std::string& error) {
      return error.starts_with("Operation failed: ");
    };
    const auto problem = std::find_if(run.seen.errors.begin(), run.seen.errors.end(), failed);
    if (problem != run.seen.errors.end()) {
      const bool fixed = (known.status & kFixedTimeout) != 0 &&
                         problem->find("you must be root") != std::string::npos;
      problem_ = "PFX: " + (fixed ? std::string("Operation failed: ") + kFixed : *problem);
    } else {
      take_output(entry, known, run);
    }
    take_entry(entry, known, run, id);
  }

  /// What has the tuple of `entry` when that is in no zone.
  static bool in_the_way(const FixtureEntry& other, const FixtureEntry& entry) {
    return other.proto == entry.proto && std::string_view(other.src) == entry.src &&
           std::string_view(other.dst) == entry.dst && other.sport == entry.sport &&
           !has_zone(other);
  }

  void take_output(const FixtureEntry& entry, const Entry& known, const Run& run) {
    Entry bare = known;
    bare.zone = 0;
    bare.orig.zone = bare.reply.zone = {};
    for (Line line : run.seen.output) {
      if (line.text.starts_with("<?xml") || line.text.find("conntrack>") != std::string::npos)
        continue;
      if (has_zone(entry)) add_zone(entry, line);
      replace_all(line.text, "<" + bare.name() + ">", "<" + known.name() + ">");
      result_.seen.output.push_back(std::move(line));
    }
    const auto counted = [](const std::string& error) {
      return error == "PFX: 1 flow entries have been updated.";
    };
    updated_ += std::any_of(run.seen.errors.begin(), run.seen.errors.end(), counted) ? 1 : 0;
  }

  void take_entry(const FixtureEntry& entry, const Entry& known, const Run& run, uint32_t id) {
    std::vector<Entry>& entries = result_.after.entries;
    const auto mine = std::find_if(entries.begin(), entries.end(),
                                   [&](const Entry& other) { return other.id == known.id; });
    const auto now = std::find_if(run.after.entries.begin(), run.after.entries.end(),
                                  [&](const Entry& other) { return other.id == id; });
    if (now == run.after.entries.end()) {
      entries.erase(mine);
      return;
    }
    *mine = *now;
    mine->id = known.id;
    mine->zone = known.zone;
    mine->orig.zone = known.orig.zone;
    mine->reply.zone = known.reply.zone;
    if (entry.proto == 6) std::copy_n(known.tcp_flags, 2, mine->tcp_flags);
  }

  void finish() {
    Observation& seen = result_.seen;
    seen.expectations = plan_.conntrack().seen.expectations;
    seen.exit_code = updated_ == 0 ? 1 : 0;
    seen.errors = {"PFX: " + std::to_string(updated_) + " flow entries have been updated."};
    if (!problem_.empty()) {
      seen.exit_code = 1;
      seen.errors = {problem_};
    }
    const auto& said = plan_.conntrack().seen.errors;
    const auto warning = [](const std::string& error) { return error.starts_with("WARNING"); };
    std::copy_if(said.begin(), said.end(), std::inserter(seen.errors, seen.errors.begin()),
                 warning);
  }

  Runner& runner_;
  const Plan& plan_;
  Run result_;
  size_t updated_ = 0;
  std::string problem_;
};

bool update(Plan& plan) {
  if (!plan.line.is("update") || plan.refused()) return false;
  if (plan.like.contents != Contents::kStandard || !plan.like.privileged) return false;
  // Words that are refused with exit code 1 are refused here, too.
  const auto done = [](const std::string& error) {
    return error.find(" have been updated.") != std::string::npos ||
           error.find("Operation failed") != std::string::npos;
  };
  const auto& errors = plan.conntrack().seen.errors;
  if (!plan.forgiven && std::none_of(errors.begin(), errors.end(), done)) return false;
  plan.produce([](Runner& runner, const Plan& made) { return UpdateOneByOne(runner, made).run(); });
  return true;
}

// ---- expectations ----

/// conntrack 1.4.7 takes the first byte of the port on the wire for the protocol.
bool expected_ports(Plan& plan) {
  if (!plan.line.is("create") || plan.line.table() != "expect" || plan.refused()) return false;
  if (plan.line.value("protonum") != "tcp") return false;
  constexpr uint64_t kTcp = 6;
  bool changed = false;
  for (const char* name : {"tuple-port-src", "tuple-port-dst"}) {
    const auto port = number(plan.line.value(name), 10, 0xffff);
    if (!port || *port >> 8 == kTcp) continue;
    // A port of the same number but for that byte stands in for it.
    const uint64_t stand_in = (kTcp << 8) | (*port & 0xff);
    plan.line.set(name, std::to_string(stand_in));
    const std::string key = std::string(name) == "tuple-port-src" ? " sport=" : " dport=";
    plan.edit([=](Run& run) {
      for (Line& line : run.seen.expectations) {
        const auto same = [&](const Expectation& old) { return line.text.ends_with(old.text); };
        if (std::any_of(run.before.expectations.begin(), run.before.expectations.end(), same))
          continue;
        const std::string from = key + std::to_string(stand_in) + " mask";
        const std::string to = key + std::to_string(*port) + " mask";
        replace_all(line.text, from, to);
        const std::string from_src = key + std::to_string(stand_in) + " dport";
        replace_all(line.text, from_src, key + std::to_string(*port) + " dport");
      }
    });
    changed = true;
  }
  plan.rewritten |= changed;
  return changed;
}

bool delete_expectation(Plan& plan) {
  const Observation& seen = plan.conntrack().seen;
  if (!plan.line.is("delete") || plan.line.table() != "expect" || plan.refused() || failed(seen))
    return false;
  plan.edit([](Run& run) {
    const size_t gone = run.before.expectations.size() - run.after.expectations.size();
    run.seen.errors = {"PFX: " + std::to_string(gone) + " expectations have been deleted."};
    run.seen.exit_code = 0;
  });
  return true;
}

constexpr Difference kDifferences[] = {
    {"-n without address", "section 7 item 13: -I and -A say that it is missing",
     nat_without_address},
    {"-m and -u", "section 6 (3251e05): the mark is kept whatever the order", mark_and_status},
    {"NAT ports", "section 7 item 13: sent for SCTP and UDP-Lite too", nat_ports},
    {"ICMPv6 code", "ctwin(8): the code of an ICMPv6 flow may be left out", icmpv6_code},
    {"SCTP updates", "section 7 item 14: the kernel gets the tags that it wants", sctp_update},
    {"reply ports", "section 7 item 13: what is not given mirrors the other direction",
     reply_ports},
    {"double NAT", "section 7 item 15: ports are restored when both addresses are translated",
     double_nat},
    {"vtags", "section 7 item 14: sent in network byte order", vtags},
    {"reply addresses", "section 7 item 13: the protocol is that of -p", reply_addresses_only},
    {"-A of EXPECTED", "section 7 item 15: a related entry is restored without its master",
     add_expected},
    {"-A of what exists", "section 6 (7b899cb): it is updated", add_existing},
    {"-U",
     "sections 6 and 7 items 8 and 9: every line printed, zones kept, no family needed, window "
     "tracking left on",
     update},
    {"expected ports", "section 6 (8a251dd): not taken for a protocol", expected_ports},
    {"-D expect", "section 7 item 21: counts what it deleted and succeeds", delete_expectation},
};

}  // namespace

std::span<const Difference> differences_of_changes() { return kDifferences; }

}  // namespace ctwin::test
