#include "setup/word_reader.h"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace ctwin::setup {

namespace {

const Word kNoWord;

/// One to four decimal numbers; those that are missing are 0.
bool parse_ipv4(std::string_view text, Address& address) {
  address = {};
  address.family = AF_INET;
  for (size_t i = 0; i < 4; ++i) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto [behind, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || value > 255) return false;
    address.bytes[i] = static_cast<uint8_t>(value);
    if (behind == end) return true;
    if (*behind != '.') return false;
    text.remove_prefix(static_cast<size_t>(behind - text.data()) + 1);
  }
  return false;
}

bool parse_ipv6(std::string_view text, Address& address) {
  address = {};
  address.family = AF_INET6;
  return inet_pton(AF_INET6, std::string(text).c_str(), address.bytes.data()) == 1;
}

bool parse_either(std::string_view text, uint8_t family, Address& address) {
  const bool six = text.find(':') != std::string_view::npos;
  if ((six && family == AF_INET) || (!six && family == AF_INET6)) return false;
  return six ? parse_ipv6(text, address) : parse_ipv4(text, address);
}

/// A mask whose ones stand in front.
std::optional<uint32_t> bits_of_mask(std::string_view text) {
  Address mask;
  if (!parse_ipv4(text, mask) || std::ranges::count(text, '.') != 3) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | mask.bytes[i];
  const int ones = std::countl_one(value);
  if (std::popcount(value) != ones) return std::nullopt;
  return static_cast<uint32_t>(ones);
}

}  // namespace

std::optional<Network> parse_network(std::string_view text, uint8_t family) {
  Network network;
  if (text == "default" || text == "any" || text == "all") {
    network.address.family = family;
    network.prefix_given = true;
    return network;
  }
  const size_t slash = text.find('/');
  if (!parse_either(text.substr(0, slash), family, network.address)) return std::nullopt;
  const auto most = static_cast<uint32_t>(network.address.size() * 8);
  network.prefix = static_cast<uint8_t>(most);
  if (slash == std::string_view::npos) return network;
  const std::string_view length = text.substr(slash + 1);
  std::optional<uint32_t> bits = parse_number(length, most);
  if (!bits && most == 32) bits = bits_of_mask(length);
  if (!bits) return std::nullopt;
  network.prefix = static_cast<uint8_t>(*bits);
  network.prefix_given = true;
  return network;
}

std::optional<uint32_t> parse_number(std::string_view text, uint32_t max) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [behind, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || behind != end || value > max) return std::nullopt;
  return value;
}

uint32_t WordReader::end_column() const {
  if (words_.empty()) return 1;
  return words_.back().column + static_cast<uint32_t>(words_.back().text.size());
}

const Word& WordReader::argument(std::string_view what) {
  if (!done()) return take();
  refuse_at(end_column(), fmt::format("the line ends where {} is expected", what));
  return kNoWord;
}

uint32_t WordReader::number(std::string_view what, uint32_t max) {
  const Word& word = argument(what);
  if (failed()) return 0;
  const auto value = parse_number(word.text, max);
  if (!value) refuse(word, fmt::format("is not {}, a number up to {}", what, max));
  return value.value_or(0);
}

Address WordReader::address(std::string_view what, uint8_t family) {
  const Word& word = argument(what);
  Address address;
  if (failed() || parse_either(word.text, family, address)) return address;
  const char* kind = family == AF_INET    ? "an IPv4 address"
                     : family == AF_INET6 ? "an IPv6 address"
                                          : "an address";
  refuse(word, fmt::format("is not {}, as {} must be", kind, what));
  return {};
}

const Word& WordReader::device_name() {
  constexpr size_t kLongest = 15;
  const Word& word = argument("a device's name");
  if (failed()) return word;
  const bool ok = !word.text.empty() && word.text.size() <= kLongest && word.text != "." &&
                  word.text != ".." && word.text.find_first_of("/: \t") == std::string::npos;
  if (!ok) refuse(word, "is not a device's name, which has 1 to 15 characters and no '/' or ':'");
  return word;
}

}  // namespace ctwin::setup
