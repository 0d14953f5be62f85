// Differences in what is printed and how a command ends.
#include <algorithm>

#include "differences.h"

namespace ctwin::test {

namespace {

bool is_flow(const Line& line) { return line.text.starts_with("<flow"); }

/// The entry that a line names by what normalisation put in place of its id.
const Entry* entry_of(const Run& run, const std::string& text) {
  for (const auto* state : {&run.after, &run.before})
    for (const Entry& entry : state->entries)
      if (text.find("<" + entry.name() + ">") != std::string::npos) return &entry;
  return nullptr;
}

// ---- help and version ----

bool help(Plan& plan) {
  const bool asked = plan.line.is("help");
  const bool nothing = plan.line.command().empty();
  if (plan.conntrack().seen.exit_code != 0 || (!asked && !nothing)) return false;
  const auto& words = plan.invocation().words;
  if (!words.empty() && (words.front() == "-R" || words.front() == "--load-file")) return false;
  plan.edit([](Run& run) { run.seen.output = {{"…", {}}}; });
  return true;
}

bool version(Plan& plan) {
  if (!plan.line.is("version") || plan.refused()) return false;
  plan.edit([](Run& run) {
    for (Line& line : run.seen.output)
      if (line.text.starts_with("conntrack v")) line.text = "conntrack v1.4.9 (ctwin …";
  });
  return true;
}

// ---- exit codes and messages ----

bool failed_flush(Plan& plan) {
  if (!plan.line.is("flush") || plan.conntrack().seen.exit_code != 1) return false;
  plan.edit([](Run& run) {
    if (run.seen.errors.size() == 2) run.seen.errors.erase(run.seen.errors.begin());
  });
  return true;
}

bool fallback(Plan& plan) {
  if (!plan.line.one_of({"counter", "stats"}) || plan.conntrack().seen.exit_code != 1) return false;
  if (plan.line.is("counter") && plan.line.table() == "expect") {
    // There is no number in /proc; conntrack prints a 0 all the same.
    plan.edit([](Run& run) { run.seen.output.clear(); });
    return true;
  }
  plan.edit([](Run& run) {
    if (run.seen.output.empty()) return;
    run.seen.errors.clear();
    run.seen.exit_code = 0;
  });
  return true;
}

bool events_without_privilege(Plan& plan) {
  if (!plan.line.is("event") || plan.invocation().privileged) return false;
  plan.edit([](Run& run) {
    run.seen.errors = {
        "PFX: Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do "
        "this"};
  });
  return true;
}

bool event_word(Plan& plan) {
  if (!plan.line.is("event")) return false;
  bool found = false;
  std::string words;
  for (const std::string& word : split_list(plan.line.value("event-mask"))) {
    const bool destroy = word == "D" || word == "d";
    found |= destroy;
    words += (words.empty() ? "" : ",") + (destroy ? std::string("DESTROY") : word);
  }
  if (!found) return false;
  plan.line.set("event-mask", words);
  return plan.rewritten = true;
}

// ---- expectations of both families ----

/// Puts the entries of one document into the other.
void join(std::vector<Line>& lines, const std::vector<Line>& more) {
  if (lines.empty()) {
    lines = more;
    return;
  }
  const auto footer = std::find_if(lines.begin(), lines.end(),
                                   [](const Line& line) { return line.text == "</expect>"; });
  std::vector<Line> entries;
  std::copy_if(more.begin(), more.end(), std::back_inserter(entries), [](const Line& line) {
    return !line.text.starts_with("<?xml") && line.text.find("expect>") == std::string::npos;
  });
  lines.insert(footer, entries.begin(), entries.end());
}

Run both_families(Runner& runner, const Plan& plan) {
  Run result;
  CommandLine line = plan.line;
  Option family;
  family.name = "family", family.letter = 'f', family.value = "ipv4";
  line.append(family);
  Invocation invocation = plan.like;
  for (const char* name : {"ipv4", "ipv6"}) {
    line.set("family", name);
    invocation.words = line.words();
    Run run = runner.run(Side::kConntrack, invocation);
    join(run.seen.output, result.seen.output);
    result = std::move(run);
  }
  set_summary_count(result.seen, result.before.expectations.size());
  return result;
}

bool list_expectations(Plan& plan) {
  if (!plan.line.is("dump") || plan.line.table() != "expect" || plan.line.has("family"))
    return false;
  if (plan.conntrack().seen.exit_code != 0 && !plan.forgiven) return false;
  plan.produce(both_families);
  return true;
}

bool count_expectations(Plan& plan) {
  if (!plan.line.is("counter") || plan.line.table() != "expect") return false;
  if (plan.conntrack().seen.exit_code != 0) return false;
  plan.edit([](Run& run) {
    run.seen.output = {{std::to_string(run.before.expectations.size()), {}}};
  });
  return true;
}

// ---- XML ----

std::string icmp_elements(uint8_t type, uint8_t code, uint16_t id) {
  return "<type>" + std::to_string(type) + "</type><code>" + std::to_string(code) + "</code><id>" +
         std::to_string(id) + "</id>";
}

void add_icmp(const Entry& entry, std::string& text) {
  size_t at = text.find("</layer4>");
  for (const Direction* direction : {&entry.orig, &entry.reply}) {
    if (at == std::string::npos) return;
    const std::string elements =
        icmp_elements(direction->icmp_type, direction->icmp_code, direction->icmp_id);
    text.insert(at, elements);
    at = text.find("</layer4>", at + elements.size() + 1);
  }
}

void name_sctp_state(const Entry& entry, std::string& text) {
  constexpr const char* kStates[] = {
      "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED",  "ESTABLISHED",
      "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED"};
  const size_t open = text.find("<state>");
  const size_t close = text.find("</state>");
  if (open == std::string::npos || !entry.sctp_state) return;
  text.replace(open + 7, close - open - 7, kStates[*entry.sctp_state]);
}

/// A document around what is there.
void wrap(std::vector<Line>& lines, const char* root) {
  const auto is = [](std::string text) {
    return [text = std::move(text)](const Line& line) { return line.text == text; };
  };
  const std::string open = "<" + std::string(root) + ">";
  const std::string close = "</" + std::string(root) + ">";
  if (std::none_of(lines.begin(), lines.end(), is(open))) {
    lines.insert(lines.begin(), {open, {}});
    lines.insert(lines.begin(), {"<?xml version=\"1.0\" encoding=\"utf-8\"?>", {}});
  }
  if (std::none_of(lines.begin(), lines.end(), is(close))) lines.push_back({close, {}});
}

bool xml(Plan& plan) {
  if (!wants_format(plan.line, "xml") || plan.line.table() == "expect" || plan.refused())
    return false;
  plan.edit([](Run& run) {
    for (Line& line : run.seen.output) {
      if (!is_flow(line)) continue;
      const Entry* entry = entry_of(run, line.text);
      if (!entry) continue;
      if (entry->icmp_like()) add_icmp(*entry, line.text);
      if (entry->sctp_state) name_sctp_state(*entry, line.text);
    }
    if (!run.seen.output.empty()) wrap(run.seen.output, "conntrack");
  });
  return true;
}

/// What 1.4.7 puts behind an XML element, and 1.4.9 behind a save line.
bool user_space_note(Plan& plan) {
  if (!plan.line.is("event")) return false;
  if (!wants_format(plan.line, "xml") && !wants_format(plan.line, "save")) return false;
  plan.edit([](Run& run) {
    for (Line& line : run.seen.output)
      if (const size_t at = line.text.find(" [USERSPACE]"); at != std::string::npos)
        line.text.resize(at);
  });
  return true;
}

// ---- save ----

/// The options of a save line.
CommandLine save_words(const std::string& text) {
  std::vector<std::string> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return CommandLine(words);
}

std::string value_or_zero(const CommandLine& line, const char* name) {
  return line.has(name) ? std::string(line.value(name)) : "0";
}

/// The entry that a save line is of.
const Entry* saved_entry(const TableState& state, const CommandLine& line) {
  for (const Entry& entry : state.entries) {
    const Direction& orig = entry.orig;
    if (orig.src != line.value("src") || orig.dst != line.value("dst")) continue;
    if (std::to_string(entry.zone) != value_or_zero(line, "zone")) continue;
    const std::string_view proto = line.value("protonum");
    constexpr std::pair<const char*, uint8_t> kNames[] = {
        {"tcp", 6},  {"udp", 17}, {"udplite", 136}, {"sctp", 132},
        {"gre", 47}, {"icmp", 1}, {"icmpv6", 58}};
    const auto* known = std::find_if(std::begin(kNames), std::end(kNames),
                                     [&](const auto& name) { return proto == name.first; });
    const std::string number_text = std::to_string(entry.proto);
    if (known == std::end(kNames) ? proto != number_text : entry.proto != known->second) continue;
    const char* sport = entry.proto == 47 ? "srckey" : "sport";
    const char* dport = entry.proto == 47 ? "dstkey" : "dport";
    const char* id = entry.proto == 1 ? "icmp-id" : "icmpv6-id";
    const bool same = entry.icmp_like()
                          ? std::to_string(orig.icmp_id) == value_or_zero(line, id)
                          : std::to_string(orig.sport) == value_or_zero(line, sport) &&
                                std::to_string(orig.dport) == value_or_zero(line, dport);
    if (same) return &entry;
  }
  return nullptr;
}

std::string label_options(const Entry& entry) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"0", "zero"},  {"1", "web"},    {"2", "\"two words\""},
      {"3", "three"}, {"40", "forty"}, {"127", "last"}};
  std::string text;
  for (const auto& [bit, name] : kNames)
    for (const std::string& set : split_list(entry.labels))
      if (set == bit) text += std::string(" --label-add ") + name;
  return text;
}

void replace_option(std::string& text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from + " ");
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

std::string with_port(const std::string& address, uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

/// -g A or -n A becomes A:P where the port was translated as well; ICMP is never translated.
void save_nat(const Entry& entry, std::string& text) {
  const Direction& orig = entry.orig;
  const Direction& reply = entry.reply;
  if (entry.icmp_like() || entry.proto == 47) {
    if (orig.dst == reply.src) replace_option(text, " -g " + reply.src, " -r " + reply.src);
    if (orig.src == reply.dst) replace_option(text, " -n " + reply.dst, " -q " + reply.dst);
    return;
  }
  if (is_dst_nat(entry) && orig.dport != reply.sport)
    replace_option(text, " -g " + reply.src, " -g " + with_port(reply.src, reply.sport));
  if (is_src_nat(entry) && orig.sport != reply.dport)
    replace_option(text, " -n " + reply.dst, " -n " + with_port(reply.dst, reply.dport));
}

void add_options(std::string& line, const std::string& options) {
  const size_t at = line.find(" -u ");
  if (at != std::string::npos) line.insert(line.find(' ', at + 4), options);
}

/// Where an event's mark and labels stand in a line of another format.
std::string text_behind(const std::string& line, std::string_view key) {
  const size_t at = line.find(key);
  if (at == std::string::npos) return {};
  const size_t begin = at + key.size();
  return line.substr(begin, line.find(' ', begin) - begin);
}

/// What an event told is not what the entry is in the end: it is read from another run.
void save_events(const Plan& plan, Run& run) {
  CommandLine line = plan.line;
  line.set("output", "labels");
  Invocation invocation = plan.like;
  invocation.words = line.words();
  const Run plain = plan.runner().run(Side::kConntrack, invocation);
  for (size_t i = 0; i < std::min(plain.seen.output.size(), run.seen.output.size()); ++i) {
    const std::string& told = plain.seen.output[i].text;
    std::string& text = run.seen.output[i].text;
    std::string options;
    const std::string mark = text_behind(told, " mark=");
    if (!mark.empty() && mark != "0") options += " -m " + mark;
    const std::string labels = text_behind(told, " labels=");
    if (!labels.empty() && !text.starts_with("-D"))
      for (const std::string& label : split_list(labels)) options += " --label-add " + label;
    add_options(text, options);
  }
}

bool save(Plan& plan) {
  if (!wants_format(plan.line, "save") || plan.line.table() == "expect" || plan.refused())
    return false;
  const bool labels = plan.like.label_file;
  const bool events = plan.line.is("event");
  plan.edit([labels, events, &plan](Run& run) {
    for (Line& line : run.seen.output) {
      const CommandLine words = save_words(line.text);
      const Entry* entry = saved_entry(run.after, words);
      if (!entry) entry = saved_entry(run.before, words);
      if (!entry) continue;
      save_nat(*entry, line.text);
      if (events) continue;
      std::string more;
      if (entry->mark != 0) more += " -m " + std::to_string(entry->mark);
      if (labels && !line.text.starts_with("-D")) more += label_options(*entry);
      add_options(line.text, more);
    }
    if (events) save_events(plan, run);
  });
  return true;
}

// ---- JSON ----

std::string json_begin(const Entry& entry) {
  return std::string("{\"family\":\"") + (entry.family == 2 ? "ipv4" : "ipv6") + "\",\"proto\":…";
}

std::string object_begin(const Run& run, const std::string& line) {
  for (const auto& [mark, word] :
       {std::pair{"    [NEW] ", "new"}, {" [UPDATE] ", "update"}, {"[DESTROY] ", "destroy"}})
    if (line.starts_with(mark)) return std::string("{\"event\":\"") + word + "\",…";
  const Entry* entry = entry_of(run, line);
  return entry ? json_begin(*entry) : "{…";
}

bool json(Plan& plan) {
  if (!plan.as_json()) return false;
  // An object for every entry that conntrack shows.
  plan.finally([](Run& run) {
    for (Line& line : run.seen.output) line = {object_begin(run, line.text), {}};
  });
  return true;
}

constexpr Difference kDifferences[] = {
    {"json", "item 4 of the issue: a format that conntrack does not have", json},
    {"help", "item 5 of the issue: the help text is ctwin's own", help},
    {"version", "item 5 of the issue: conntrack v1.4.9 (ctwin …)", version},
    {"failed -F", "section 7 item 22: the table is said to be empty only if it is", failed_flush},
    {"-C and -S without privilege", "section 7 item 24: what /proc tells is a success", fallback},
    {"-E without privilege", "item 6 of the issue: the message names CAP_NET_ADMIN",
     events_without_privilege},
    {"-e D", "section 7 item 36: DESTROY, not DST_NAT", event_word},
    {"-L expect", "item 5 of the issue: both families", list_expectations},
    {"-C expect", "item 5 of the issue: both families", count_expectations},
    {"XML", "section 7 item 40: ICMP's fields, SCTP's states, a whole document", xml},
    {"[USERSPACE]", "sections 6 (e77aa74) and 7 item 35: not behind XML and save lines",
     user_space_note},
    {"save", "section 7 item 15: mark, labels and NAT ports too", save},
};

}  // namespace

std::span<const Difference> differences_of_output() { return kDifferences; }

}  // namespace ctwin::test
