// Rows from a seed. A row is a command with options that it takes, mostly with values that find
// something in the tables; now and then a value, an option or the order is wrong.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <set>

#include "cases.h"
#include "table.h"

namespace ctwin::test {

namespace {

using Words = std::vector<std::string>;

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Invocation row();

 private:
  // ---- chance ----
  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  bool percent(unsigned chance) { return below(100) < chance; }
  template <typename T, size_t kSize>
  const T& one_of(const std::array<T, kSize>& list) {
    return list[below(kSize)];
  }
  std::string any(std::initializer_list<const char*> words) {
    return *(words.begin() + below(words.size()));
  }
  std::string decimal(unsigned limit) { return std::to_string(below(limit)); }
  /// A good value, or now and then a bad one.
  std::string value(std::initializer_list<const char*> good,
                    std::initializer_list<const char*> bad) {
    return percent(kBadPercent) ? any(bad) : any(good);
  }

  // ---- options ----
  static constexpr unsigned kBadPercent = 7;
  void add(std::initializer_list<const char*> names, std::string text);
  void add_flag(std::initializer_list<const char*> names) { words_.push_back(any(names)); }
  void add_source(bool v6);
  void add_destination(bool v6);
  void add_protocol();
  void add_ports();
  void add_icmp(const char* prefix);
  void add_keys();
  void add_status();
  void add_mark();
  void add_zone();
  void add_label();
  void add_nat();
  void add_output();
  void add_selection(bool with_status);
  void add_wrong_option();
  void shuffle_in_stray_words();

  // ---- commands ----
  void list();
  void remove();
  void update();
  void get();
  void create(bool add);
  void create_more(const std::string& protocol, bool v6);
  void expectations();
  void events();
  void rest();
  void load();
  std::string line(std::set<std::string>& used);

  std::mt19937_64 random_;
  Words words_;
  Invocation invocation_;
};

void Generator::add(std::initializer_list<const char*> names, std::string text) {
  const std::string name = any(names);
  const bool is_long = name.starts_with("--");
  if (is_long && percent(15)) {
    words_.push_back(name + "=" + text);
  } else if (!is_long && percent(10) && !text.empty()) {
    words_.push_back(name + text);
  } else {
    words_.push_back(name);
    words_.push_back(std::move(text));
  }
}

void Generator::add_source(bool v6) {
  add({"-s", "--src", "--orig-src"},
      v6 ? value({"fd00::1", "fd00::/16", "fd00:1::1", "2001:db8::9", "::/0", "fd00::1/128"},
                 {"fd00::1/129", "fd00:::1", "10.0.0.1"})
         : value({"10.0.0.1", "10.0.0.0/24", "10.0.0.4", "10.1.0.0/16", "198.51.100.9",
                  "10.0.0.1/32", "10.0.0.99/30", "10.0.0.7"},
                 {"10.0.0.1/33", "10.0.0.300", "host", "10.0.0.1/", "10.0.0.1/x", "fd00::1"}));
}

void Generator::add_destination(bool v6) {
  add({"-d", "--dst", "--orig-dst"},
      v6 ? value({"fd00::2", "fd00::/16", "fd00::53", "2001:db8:3::1"}, {"fd00::2/200", "x"})
         : value({"10.0.0.2", "10.0.0.53", "10.0.0.0/26", "203.0.113.1", "198.51.100.1"},
                 {"10.0.0.2/40", "", "10.0.0.2/2/2"}));
}

void Generator::add_ports() {
  if (percent(40))
    add({"--sport", "--orig-port-src"},
        value({"1001", "1002", "2001", "4001", "3001", "3003"}, {"x", "70000", "1-2", "-1", ""}));
  if (percent(40))
    add({"--dport", "--orig-port-dst"},
        value({"80", "53", "443", "22", "0080"}, {"http", "65536", "80x", "0x50"}));
  if (percent(15)) add({"--reply-port-src"}, value({"80", "53", "8080"}, {"y", "99999"}));
  if (percent(15)) add({"--reply-port-dst"}, value({"1001", "5001", "2001"}, {"", "1:1"}));
}

void Generator::add_icmp(const char* prefix) {
  const std::string name = prefix;
  const auto option = [&](const char* what, std::string text) {
    words_.push_back("--" + name + "-" + what);
    words_.push_back(std::move(text));
  };
  if (percent(50)) option("type", value({"8", "128", "0"}, {"256", "echo"}));
  if (percent(25)) option("code", value({"0", "1"}, {"300", "-1"}));
  if (percent(40)) option("id", value({"77", "78", "79"}, {"65536", "q"}));
}

void Generator::add_keys() {
  if (percent(50))
    add({"--srckey", "--orig-key-src"}, value({"8", "0xa", "010"}, {"0x10000", "k"}));
  if (percent(40)) add({"--dstkey", "--orig-key-dst"}, value({"9", "11", "0x9"}, {"65536", ""}));
  if (percent(10)) add({"--reply-key-src"}, value({"9", "11"}, {"z"}));
}

void Generator::add_protocol() {
  const std::string protocol = value({"tcp", "tcp", "tcp", "udp", "udp", "icmp", "icmpv6", "sctp",
                                      "gre", "udplite", "esp", "6", "17", "50", "TCP", "dccp"},
                                     {"foo", "256", "-1", "", "6x"});
  add({"-p", "--protonum"}, protocol);
  const bool ports = protocol == "tcp" || protocol == "udp" || protocol == "udplite" ||
                     protocol == "sctp" || protocol == "6" || protocol == "17";
  if (ports && percent(70)) add_ports();
  if ((protocol == "tcp" || protocol == "sctp") && percent(25))
    add({"--state"}, value({"ESTABLISHED", "ESTABLISHED", "NONE"}, {"FOO", "established"}));
  if (protocol == "icmp" && percent(60)) add_icmp("icmp");
  if (protocol == "icmpv6" && percent(60)) add_icmp("icmpv6");
  if (protocol == "gre" && percent(70)) add_keys();
}

void Generator::add_status() {
  add({"-u", "--status"},
      value({"ASSURED", "SEEN_REPLY", "SEEN_REPLY,ASSURED", "UNREPLIED", "!ASSURED", "assured",
             "SEEN_REPLY,!ASSURED", "FIXED_TIMEOUT", "EXPECTED", "seen", "a", "!SEEN_REPLY"},
            {"FOO", "ASSURED,", ",", "CONFIRMED", "ASSURED,FOO"}));
}

void Generator::add_mark() {
  add({"-m", "--mark"}, value({"1", "0x42", "0", "0x12/0x10", "1/1", "0x40/0x40", "7", "022"},
                              {"x", "1/x", "4294967296", "-1", "", "1/"}));
}

void Generator::add_zone() {
  if (percent(70))
    add({"-w", "--zone"}, value({"3", "0", "4", "0x3"}, {"65536", "zone", "-1"}));
  else
    add({"--orig-zone", "--reply-zone"}, value({"4", "5", "0"}, {"x", "99999"}));
}

void Generator::add_label() {
  add({"-l", "--label"}, value({"web", "forty", "web,forty", "last"}, {"nosuch", "web,nosuch"}));
}

/// The argument is a word of its own here; the rows by hand have the others.
void Generator::add_nat() {
  words_.push_back(any({"-n", "--src-nat", "-g", "--dst-nat"}));
  if (percent(30)) return;
  words_.push_back(value({"192.0.2.1", "10.0.0.80", "192.0.2.1:5001", "10.0.0.80:8080", "192.0.2.9",
                          "2001:db8:2::1", "fd00::80", "[2001:db8:2::1]:5004"},
                         {"x", ":80", "[]:5", "10.0.0.80:x", "192.0.2.1:", "[fd00::80"}));
}

void Generator::add_output() {
  add({"-o", "--output"},
      value({"id", "extended", "xml", "save", "extended,id", "labels", "ktimestamp", "xml,id",
             "id,labels,extended,ktimestamp", "ext", "x", "json"},
            {"foo", "id,", "save,id", "plain", "", "id,foo"}));
}

void Generator::add_selection(bool with_status) {
  const bool v6 = percent(25);
  if (percent(30)) add_source(v6);
  if (percent(20)) add_destination(v6);
  if (percent(8)) add({"-r", "--reply-src"}, v6 ? "fd00::2" : value({"10.0.0.2"}, {"10.0.0.0/24"}));
  if (percent(8)) add({"-q", "--reply-dst"}, v6 ? "fd00::1" : value({"10.0.0.1"}, {"no"}));
  if (percent(55)) add_protocol();
  if (percent(12)) add({"-f", "--family"}, value({v6 ? "ipv6" : "ipv4"}, {"inet", "IPv4", ""}));
  if (percent(15)) add_nat();
  if (percent(12)) add_label();
  if (!with_status) return;
  if (percent(20)) add_status();
  if (percent(15)) add_mark();
  if (percent(12)) add_zone();
}

void Generator::add_wrong_option() {
  switch (below(8)) {
    case 0: return add({"-t", "--timeout"}, "5");
    case 1: return add({"-b", "--buffer-size"}, "100");
    case 2: return add({"-e"}, any({"NEW", "FOO"}));
    case 3: return add({"--tuple-src"}, "10.0.0.1");
    case 4: return add({"--label-add"}, "web");
    case 5: return words_.push_back(any({"--nothing", "--s", "-x", "-zx", "-xz", "--src"}));
    case 6: return add({"-a"}, "1.1.1.1");
    default: return words_.push_back(any({"-L", "-D", "-E"}));
  }
}

void Generator::shuffle_in_stray_words() {
  const size_t at = below(words_.size() + 1);
  words_.insert(words_.begin() + static_cast<ptrdiff_t>(at), any({"stray", "-", "conntrack"}));
}

void Generator::list() {
  words_ = {any({"-L", "--dump"})};
  if (percent(10)) words_.push_back(any({"conntrack", "c", "dying", "unconfirmed", "table"}));
  add_selection(true);
  if (percent(45)) add_output();
  if (percent(8)) add_flag({"-z", "--zero"});
  if (percent(5)) add_wrong_option();
  if (percent(4)) shuffle_in_stray_words();
  if (percent(6)) invocation_.contents = Contents::kPackets;
}

void Generator::remove() {
  words_ = {any({"-D", "--delete"})};
  add_selection(true);
  if (percent(8))
    add({"-i", "--id"}, any({"{id:web}", "{id:dns}", "{id:zone}", "{id:src-nat6}", "1", "x"}));
  if (percent(6)) add({"-t", "--timeout"}, value({"499", "999", "119"}, {"x", "5s", ""}));
  if (percent(35)) add_output();
  if (percent(4)) add_wrong_option();
}

/// Changes that the kernel refuses for some entries go to one entry, since what is done before an
/// error depends on the order in which the table is walked.
void Generator::update() {
  words_ = {any({"-U", "--update"})};
  if (percent(50)) {
    add_selection(false);
    add_mark();
  } else {
    const FixtureEntry& entry = standard_entries()[below(standard_entries().size())];
    add({"-f"}, std::string(entry.src).find(':') == std::string::npos ? "ipv4" : "ipv6");
    add({"-i"}, "{id:" + std::string(entry.name) + "}");
    if (percent(40)) add({"-t"}, value({"77", "3600"}, {"x", "-1"}));
    if (percent(30)) add({"-u"}, value({"ASSURED", "SEEN_REPLY,ASSURED", "SEEN_REPLY"}, {"BAR"}));
    if (percent(40)) add_mark();
    if (percent(20)) add({"--label-add"}, value({"three", "last", "zero,three"}, {"nosuch"}));
  }
  if (percent(30)) add_output();
  if (percent(4)) add_wrong_option();
}

void Generator::get() {
  const FixtureEntry& entry = standard_entries()[below(standard_entries().size())];
  words_ = {any({"-G", "--get"})};
  const std::string port = std::to_string(entry.sport);
  const std::string other = std::to_string(entry.dport);
  add({"-s", "--src"}, entry.src);
  if (!percent(5)) add({"-d", "--dst"}, entry.dst);
  switch (entry.proto) {
    case 1:
      words_.insert(words_.end(), {"-p", "icmp", "--icmp-type", port, "--icmp-code", "0",
                                   "--icmp-id", percent(80) ? other : "5"});
      break;
    case 58:
      words_.insert(words_.end(), {"-p", "icmpv6", "--icmpv6-type", port, "--icmpv6-code", "0",
                                   "--icmpv6-id", percent(80) ? other : "5"});
      break;
    case 47: words_.insert(words_.end(), {"-p", "gre", "--srckey", port, "--dstkey", other}); break;
    case 50: words_.insert(words_.end(), {"-p", "50"}); break;
    default:
      add({"-p"}, std::to_string(entry.proto));
      add({"--sport"}, percent(5) ? "x" : port);
      if (!percent(5)) add({"--dport"}, other);
  }
  if (percent(40)) add_output();
  if (percent(15)) add_label();
  if (percent(10)) add({"-i"}, "{id:" + std::string(entry.name) + "}");
  if (percent(5)) add_wrong_option();
}

void Generator::create_more(const std::string& protocol, bool v6) {
  const std::string port = decimal(60000);
  if (protocol == "icmp" || protocol == "icmpv6") {
    const std::string name = "--" + protocol;
    words_.insert(words_.end(),
                  {name + "-type", v6 ? "128" : any({"8", "13"}), name + "-code", "0"});
    if (percent(60)) words_.insert(words_.end(), {name + "-id", port});
  } else if (protocol == "gre") {
    add({"--srckey"}, port);
    if (!percent(6)) add({"--dstkey"}, "7");
  } else if (protocol != "50") {
    if (!percent(4)) add({"--sport", "--orig-port-src"}, percent(6) ? "port" : port);
    if (!percent(4)) add({"--dport", "--orig-port-dst"}, any({"80", "53", "65535"}));
  }
  if (protocol == "tcp" && !percent(4))
    add({"--state"}, value({"SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT",
                            "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2", "NONE", "LISTEN"},
                           {"OPEN", "syn_sent", ""}));
  if (protocol != "sctp") return;
  add({"--state"}, value({"COOKIE_WAIT", "ESTABLISHED", "CLOSED"}, {"OPEN"}));
  if (!percent(4)) add({"--orig-vtag"}, value({"1", "4000000000"}, {"tag"}));
  if (!percent(4)) add({"--reply-vtag"}, value({"16843009", "0"}, {"4294967296"}));
}

void Generator::create(bool add_command) {
  words_ = {add_command ? any({"-A", "--add"}) : any({"-I", "--create"})};
  const bool v6 = percent(25);
  const std::string protocol =
      any({"tcp", "tcp", "udp", "udp", "udplite", "sctp", "gre", "icmp", "50"});
  add({"-s", "--src"}, v6 ? "fd02::" + std::to_string(1 + below(9))
                          : value({"172.16.1.1", "172.16.1.2"}, {"172.16.1.0/24", "x", "fd02::1"}));
  if (!percent(3)) add({"-d", "--dst"}, v6 ? "fd02::a" : "172.16.2.1");
  if (!percent(3)) add({"-t", "--timeout"}, value({"100", "300", "86400"}, {"x", "-5", "10s"}));
  const std::string name = v6 && protocol == "icmp" ? "icmpv6" : protocol;
  words_.insert(words_.end(), {"-p", name});
  create_more(name, v6);
  if (percent(30))
    add({"-u"}, value({"SEEN_REPLY", "SEEN_REPLY,ASSURED", "ASSURED", "UNSET", "FIXED_TIMEOUT"},
                      {"FOO", "ASSURED,x"}));
  if (percent(30)) add_mark();
  if (percent(15)) add_zone();
  if (percent(15)) add({"--label-add"}, value({"web", "web,last"}, {"none", "web,none"}));
  if (percent(20) && protocol != "icmp" && protocol != "gre" && protocol != "50")
    words_.insert(words_.end(),
                  {any({"-n", "-g"}), v6 ? "fd02::f" : any({"172.16.9.9", "172.16.9.9:700"})});
  if (percent(4)) add_wrong_option();
}

void Generator::expectations() {
  const std::string master = any({"10.0.0.1", "fd00::1"});
  const bool v6 = master == "fd00::1";
  switch (below(5)) {
    case 0: words_ = {"-L", any({"expect", "exp", "e"})}; break;
    case 1: words_ = {any({"-C", "-F", "-S"}), "expect"}; break;
    case 2:
    case 3:
      words_ = {any({"-G", "-D"}),
                "expect",
                "-p",
                "tcp",
                "-s",
                v6 ? "fd00::6" : "10.0.0.6",
                "-d",
                master,
                "--sport",
                "0",
                "--dport",
                v6 ? "50002" : "50001"};
      if (percent(85))
        words_.insert(words_.end(), {"--reply-port-src", "1", "--reply-port-dst", "1"});
      return;
    default:
      words_ = {"-I",
                "expect",
                "-t",
                "100",
                "-p",
                "tcp",
                "-s",
                master,
                "-d",
                v6 ? "fd00::6" : "10.0.0.6",
                "--sport",
                "1005",
                "--dport",
                "21",
                "--tuple-src",
                v6 ? "fd00::6" : "10.0.0.6",
                "--tuple-dst",
                master,
                "--tuple-port-src",
                decimal(2000),
                "--tuple-port-dst",
                decimal(60000),
                "--mask-port-src",
                "0",
                "--mask-port-dst",
                "65535",
                "--mask-dst",
                v6 ? "ffff::" : "255.255.255.255"};
      if (percent(90))
        words_.insert(words_.end(), {"--mask-src", v6 ? "ffff::" : "255.255.255.255"});
      return;
  }
  if (percent(40)) add_output();
  if (percent(20)) add({"-f"}, any({"ipv4", "ipv6"}));
}

void Generator::events() {
  invocation_.contents = Contents::kEmpty;
  invocation_.actions = {"load", "mark:web=5", "mark:dns=0", "delete:syn", "delete:esp"};
  if (percent(30)) invocation_.actions = {"packets"};
  words_ = {any({"-E", "--event"})};
  if (percent(30)) add({"-p"}, any({"tcp", "udp", "icmp", "sctp", "50"}));
  if (percent(20)) add_source(percent(20));
  if (percent(15)) add({"-f"}, any({"ipv4", "ipv6"}));
  if (percent(15)) add({"-m"}, any({"1", "0x42", "0x40/0x40"}));
  if (percent(10)) add_zone();
  if (percent(10)) add_label();
  if (percent(40))
    add({"-e", "--event-mask"},
        value({"NEW", "UPDATES", "DESTROY", "NEW,DESTROY", "ALL", "all", "n", "u"},
              {"FOO", "NEW,", ""}));
  if (percent(60))
    add({"-o"}, any({"id", "extended", "xml", "save", "labels", "id,extended", "json", "timestamp",
                     "xml,timestamp", "ktimestamp", "foo"}));
}

void Generator::rest() {
  words_ = {any({"-C", "-S", "-F", "-V", "-h", "--count", "--flush", "--stats"})};
  if (percent(50)) words_.push_back(any({"conntrack", "expect", "c", "dying", "x"}));
  if (percent(30)) add_wrong_option();
}

/// Lines of one file do not touch the same entry.
std::string Generator::line(std::set<std::string>& used) {
  const auto unused = [&](std::initializer_list<const char*> words) {
    const std::string word = any(words);
    return used.insert(word).second ? word : std::string("10.9.9.9");
  };
  words_.clear();
  switch (below(4)) {
    case 0: create(true); break;
    case 1: create(false); break;
    case 2:
      words_ = {"-D", "-s", unused({"10.0.0.4", "10.1.0.1", "fd00:1::1"})};
      if (percent(50)) words_.insert(words_.end(), {"-o", any({"id", "save", "xml"})});
      break;
    default: words_ = {"-U", "-s", unused({"10.0.0.7", "10.0.0.5"}), "-m", decimal(200)};
  }
  std::string text;
  for (const std::string& word : words_) text += (text.empty() ? "" : " ") + shell_quoted(word);
  return text + "\n";
}

void Generator::load() {
  std::string text;
  std::set<std::string> used;
  const size_t lines = 1 + below(4);
  for (size_t i = 0; i < lines; ++i) {
    if (percent(15)) text += any({"\n", "# a comment\n", "  \n", "\t# another\n"});
    // Single quotes mean nothing in a file.
    const std::string next = line(used);
    if (next.find('\'') == std::string::npos) text += next;
  }
  words_ = {any({"-R", "--load-file"}), any({"-", "{dir}/input"})};
  invocation_.input = text;
}

Invocation Generator::row() {
  invocation_ = {};
  invocation_.group = "generated";
  words_.clear();
  const size_t dice = below(100);
  if (dice < 30)
    list();
  else if (dice < 50)
    remove();
  else if (dice < 56)
    update();
  else if (dice < 63)
    get();
  else if (dice < 78)
    create(false);
  else if (dice < 84)
    create(true);
  else if (dice < 89)
    expectations();
  else if (dice < 93)
    events();
  else if (dice < 96)
    rest();
  else
    load();
  invocation_.words = words_;
  return invocation_;
}

}  // namespace

std::vector<Invocation> generated_cases(uint64_t seed, unsigned count) {
  Generator generator(seed);
  std::vector<Invocation> rows;
  for (unsigned i = 0; i < count; ++i) rows.push_back(generator.row());
  return rows;
}

}  // namespace ctwin::test
