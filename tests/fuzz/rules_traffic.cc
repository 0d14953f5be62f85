// Rules of any text, and packets of any bytes that take their way through them: logged, marked,
// translated, rewritten, rejected.
//
//   input  := line* "\n" packet*        an empty line ends the rules
//   line   := "iptables" word* | "ip6tables" word* | "ipv4" | "ipv6" | line of iptables-save
//   packet := size:u16 how:u8 cut:u8 bytes{size}      little endian; the last one may be short
//
// "ipv4" and "ipv6" say whose the iptables-save blocks are that follow. A line that is refused is
// passed over, so that a mutation of one leaves the others. `how`: 1 comes in by the other device,
// 2 is sent by the box, 4 has an Ethernet header, 8 comes a second later. What `cut` leaves is so
// many 256ths of the packet, 0 all of it. The checksum of an IPv4 header is set right.
//
// Everything is done twice, with the same result. Headers that leave have the right checksum, no
// flow is left half made, and the rules as they are saved can be loaded again.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "fuzz/fuzz.h"
#include "packet/checksum.h"
#include "rules/command.h"
#include "rules/log.h"
#include "setup/setup_file.h"
#include "setup/shell_words.h"

using namespace ctwin;

namespace {

using Bytes = std::vector<uint8_t>;

constexpr std::string_view kBox =
    "ip addr add 10.0.0.254/24 dev eth0\n"
    "ip addr add 10.1.0.254/24 dev eth1\n"
    "ip -6 addr add fd01::254/64 dev eth0\n"
    "ip -6 addr add fd02::254/64 dev eth1\n"
    "ip route add default via 10.1.0.1\n"
    "ip -6 route add default via fd02::1\n"
    "sysctl -w net.ipv4.ip_forward=1\n"
    "sysctl -w net.ipv6.conf.all.forwarding=1\n"
    "sysctl -w net.netfilter.nf_conntrack_events=1\n"
    "sysctl -w net.netfilter.nf_conntrack_log_invalid=255\n";

/// Takes rules line by line.
class Loader {
 public:
  explicit Loader(setup::Setup& setup) : setup_(setup) {}

  void line(std::string_view text) {
    ++number_;
    if (text == "ipv4" || text == "ipv6") {
      family_ = text == "ipv4" ? AF_INET : AF_INET6;
      return;
    }
    std::vector<rules::Word> words;
    if (setup::split_saved(text, words) || words.empty()) return;
    const std::string& first = words[0].text;
    if (first == "iptables" || first == "ip6tables") {
      rules::Ruleset& rules = first == "iptables" ? setup_.v4 : setup_.v6;
      (void)rules::run_command(rules, std::span(words).subspan(1), {0, number_, 1});
      return;
    }
    block_line(words);
  }

 private:
  void block_line(const std::vector<rules::Word>& words) {
    if (!block_) {
      if (!rules::SaveBlock::begins(words)) return;
      block_.emplace(family_ == AF_INET ? setup_.v4 : setup_.v6);
    }
    (void)block_->line(words, {0, number_, 1});
    if (!block_->is_open()) block_.reset();
  }

  setup::Setup& setup_;
  uint8_t family_ = AF_INET;
  uint32_t number_ = 0;
  std::optional<rules::SaveBlock> block_;
};

void check_header(const engine::Departure& departure) {
  const auto& bytes = departure.bytes;
  if (bytes.size() > departure.length)
    fuzz::fail("more leaves than there is", std::to_string(bytes.size()),
               std::to_string(departure.length));
  if (bytes.size() < 20 || bytes[0] >> 4 != 4) return;
  const size_t header = (bytes[0] & 0x0fu) * 4;
  if (header > bytes.size()) return;
  const uint16_t sum = packet::fold_checksum(packet::add_checksum(bytes.first(header), 0));
  if (sum != 0)
    fuzz::fail("an IPv4 header leaves with a wrong checksum", fmt::format("{:04x}", sum), "0");
}

/// The box, and a transcript of what it did.
class Run : private rules::LogSink {
 public:
  explicit Run(setup::Setup setup) : engine_(options(std::move(setup))) {
    engine_.box()->set_log(this);
    engine_.on_output([this](const engine::Departure& departure) {
      check_header(departure);
      transcript += fmt::format("{} {} {:02x}\n", departure.device, departure.length,
                                fmt::join(departure.bytes, ""));
    });
  }

  void packets(const uint8_t* data, size_t size) {
    constexpr size_t kHead = 4;
    constexpr uint64_t kSecond = 1'000'000'000;
    uint64_t time = kSecond;
    while (size >= kHead) {
      const size_t length = std::min<size_t>(data[0] | data[1] << 8, size - kHead);
      const uint8_t how = data[2], cut = data[3];
      Bytes bytes(data + kHead, data + kHead + length);
      fuzz::repair_checksum(bytes);
      if (how & 8) time += kSecond;
      packet(bytes, cut == 0 ? length : length * cut / 256, how, time);
      data += kHead + length;
      size -= kHead + length;
    }
  }

  void finish() {
    conntrack::ConnTable& table = engine_.tracker().table();
    for (conntrack::ConnIndex i = 1; i < table.end(); ++i)
      if (table[i].in_use && !table[i].has(kConfirmed))
        fuzz::fail("a flow is left half made", std::to_string(i), "none");
    for (const uint8_t family : {AF_INET, AF_INET6})
      transcript += rules::save(engine_.box()->rules(family));
  }

  std::string saved(uint8_t family) { return rules::save(engine_.box()->rules(family)); }

  std::string transcript;

 private:
  static engine::Engine::Options options(setup::Setup setup) {
    engine::Engine::Options options;
    options.settings = setup.settings;
    options.capacity = 1 << 16;
    options.setup = std::move(setup);
    return options;
  }

  void packet(const Bytes& bytes, size_t captured, uint8_t how, uint64_t time) {
    static constexpr uint8_t kEthernet[14] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0};
    engine::RawPacket raw;
    raw.bytes = std::span(bytes).first(captured);
    raw.wire_length = static_cast<uint32_t>(bytes.size());
    raw.device = engine_.device(how & 1 ? "eth1" : "eth0");
    raw.outbound = how & 2;
    if (how & 4) raw.link_header = kEthernet;
    raw.time = time;
    engine_.process(raw);
  }

  void log(const rules::LogEntry& entry) override {
    transcript += rules::log_line(entry, engine_.box()->interfaces()) + "\n";
  }

  engine::Engine engine_;
};

/// What was saved is loaded into nothing, and saved again. Nothing, when a line is refused: like
/// iptables-save this writes a shifted range of one port in a way that cannot be read.
std::optional<std::string> save_again(const std::string& text, uint8_t family) {
  rules::Ruleset again;
  again.family = family;
  std::optional<rules::SaveBlock> block;
  setup::Lines lines(text);
  for (std::string_view line; lines.next(line);) {
    std::vector<rules::Word> words;
    if (setup::split_saved(line, words))
      fuzz::fail("a saved line cannot be split", std::string(line), "");
    if (!block) block.emplace(again);
    if (block->line(words, {0, lines.number(), 1})) return {};
    if (!block->is_open()) block.reset();
  }
  return rules::save(again);
}

/// Twice, because the table that was loaded last is saved first.
void check_saved(const std::string& text, uint8_t family) {
  const auto once = save_again(text, family);
  const auto twice = once ? save_again(*once, family) : std::nullopt;
  if (twice && *twice != text) fuzz::fail("saved rules change", *twice, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  setup::Setup setup;
  if (!setup::read_setup_text("box", kBox, setup).ok())
    fuzz::fail("the box", "", std::string(kBox));
  Loader loader(setup);
  size_t at = 0;
  while (at < size && data[at] != '\n') {
    const uint8_t* end = std::find(data + at, data + size, '\n');
    loader.line({reinterpret_cast<const char*>(data + at), static_cast<size_t>(end - data) - at});
    at = static_cast<size_t>(end - data) + 1;
  }
  at = std::min(at + 1, size);
  if (rules::check_ruleset(setup.v4) || rules::check_ruleset(setup.v6)) return 0;

  Run first(setup), second(setup);
  first.packets(data + at, size - at);
  first.finish();
  second.packets(data + at, size - at);
  second.finish();
  if (first.transcript != second.transcript)
    fuzz::fail("the same input gave two results", first.transcript, second.transcript);
  for (const uint8_t family : {AF_INET, AF_INET6}) check_saved(first.saved(family), family);
  return 0;
}
