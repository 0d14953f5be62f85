// The words of a command, one after the other, and the mistakes found in them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ctwin/address.h"
#include "setup/shell_words.h"

namespace ctwin::setup {

/// An address, and of how many bits its network is.
struct Network {
  Address address;
  uint8_t prefix = 0;
  bool prefix_given = false;
};

/// Reads a network as iproute2 does: `default` or `any`, 10.1/16, 10.1.0.0/255.255.0.0, fd00::/8.
/// `family` is what `default` is of, and AF_UNSPEC takes either.
std::optional<Network> parse_network(std::string_view text, uint8_t family);

/// A decimal number, or 0x hexadecimal, of at most `max`.
std::optional<uint32_t> parse_number(std::string_view text, uint32_t max);

/// The first mistake ends everything: whoever sees `failed` returns.
class WordReader {
 public:
  explicit WordReader(std::span<const Word> words) : words_(words) {}

  bool done() const { return failed() || next_ == words_.size(); }
  bool failed() const { return mistake_.has_value(); }
  const std::optional<Mistake>& mistake() const { return mistake_; }

  /// The word that is next, which stays so.
  std::string_view peek() const { return done() ? std::string_view() : words_[next_].text; }
  /// Takes a word. There must be one.
  const Word& take() { return words_[next_++]; }
  /// Takes the word that is next if it is `text`.
  bool take_if(std::string_view text) {
    if (done() || words_[next_].text != text) return false;
    ++next_;
    return true;
  }
  /// Takes the argument of the word before; a mistake when the line ends here.
  const Word& argument(std::string_view what);

  /// A number, an address, a device's name: each names the word and says what was expected.
  uint32_t number(std::string_view what, uint32_t max);
  Address address(std::string_view what, uint8_t family);
  const Word& device_name();

  /// 'word': reason
  void refuse(const Word& word, std::string_view reason) {
    refuse_at(word.column, fmt::format("'{}': {}", word.text, reason));
  }
  void refuse_at(uint32_t column, std::string text) {
    if (!mistake_) mistake_ = Mistake{column, std::move(text)};
  }
  /// The column behind the last word.
  uint32_t end_column() const;

 private:
  std::span<const Word> words_;
  size_t next_ = 0;
  std::optional<Mistake> mistake_;
};

/// Is `word` a beginning of `whole` (iproute2's matches)?
inline bool shortens(std::string_view word, std::string_view whole) {
  return !word.empty() && whole.starts_with(word);
}

}  // namespace ctwin::setup
