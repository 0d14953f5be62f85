#include "words.h"

#include <charconv>

namespace ctwin::test {

namespace {

/// Length of the first word of `text`: to the first space outside of parentheses.
size_t word_length(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += (text[i] == '(') - (text[i] == ')');
    if (text[i] == ' ' && depth == 0) return i;
  }
  return text.size();
}

Word make_word(std::string_view text) {
  const size_t at = text.find_first_of("=(");
  if (at == text.npos) return {text, {}};
  std::string_view value = text.substr(at + 1);
  if (text[at] == '(' && value.ends_with(')')) value.remove_suffix(1);
  return {text.substr(0, at), value};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t end = 0; end != text.npos;) {
    end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end != text.npos) text.remove_prefix(end + 1);
  }
  return parts;
}

Words::Words(std::string_view text) {
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const size_t length = word_length(text);
    words_.push_back(make_word(text.substr(0, length)));
    text.remove_prefix(length);
  }
}

Word* Words::next() {
  for (Word& word : words_)
    if (!word.taken) return &word;
  return nullptr;
}

Word* Words::find(std::string_view key) {
  for (Word& word : words_)
    if (!word.taken && word.key == key) return &word;
  return nullptr;
}

bool Words::has(std::string_view key) const {
  for (const Word& word : words_)
    if (word.key == key) return true;
  return false;
}

bool Words::take_flag(std::string_view key) { return take_text(key).has_value(); }

std::optional<std::string_view> Words::take_text(std::string_view key) {
  Word* word = find(key);
  if (!word) return {};
  word->taken = true;
  return word->value;
}

uint32_t Words::take_number(std::string_view key, uint32_t otherwise) {
  const auto text = take_text(key);
  return text ? number(*text) : otherwise;
}

uint32_t Words::number(std::string_view text) {
  const std::string_view whole = text;
  const int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16) text.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc() || end != text.data() + text.size()) fail("no number", whole);
  return value;
}

std::vector<uint32_t> Words::numbers(std::string_view text, char separator) {
  std::vector<uint32_t> values;
  for (const std::string_view part : split(text, separator)) values.push_back(number(part));
  return values;
}

Packet Words::hex(std::string_view text) {
  Packet bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) break;
    put8(bytes, static_cast<uint32_t>(high << 4 | low));
  }
  if (bytes.size() * 2 != text.size()) fail("no hexadecimal bytes", text);
  return bytes;
}

void Words::fail(std::string_view what, std::string_view where) {
  if (mistake_.empty()) mistake_ = std::string(what) + ": '" + std::string(where) + "'";
}

}  // namespace ctwin::test
