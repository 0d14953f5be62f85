#include "cli/times.h"

#include <charconv>
#include <chrono>

namespace ctwin::cli {

namespace {

constexpr int64_t kNanoseconds = 1'000'000'000;
constexpr int64_t kLastSecond = 16'725'225'600;  // the year 2500

/// Takes `count` digits, all of which must be there.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  int value = 0;
  if (text.size() < count) return {};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc{} || stop != text.data() + count || text.front() == '-') return {};
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view choices) {
  if (text.empty() || choices.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// [ "." digits ], as nanoseconds.
std::optional<int64_t> take_fraction(std::string_view& text) {
  if (!take(text, ".")) return 0;
  int64_t value = 0;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1))
    if (digits++ < 9) value = value * 10 + (text.front() - '0');
  if (digits == 0) return {};
  for (size_t i = digits; i < 9; ++i) value *= 10;
  return value;
}

/// "Z" or an offset, as seconds east of Greenwich.
std::optional<int> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return 0;
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) return {};
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return {};
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return {};
  const int seconds = *hours * 3600 + *minutes * 60;
  return west ? -seconds : seconds;
}

/// Seconds since the epoch of "YYYY-MM-DDThh:mm:ss".
std::optional<int64_t> take_date_and_time(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return {};
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return {};
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt ")) return {};
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return {};
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return {};
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return {};
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return {};
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + *second;
}

std::optional<int64_t> take_seconds(std::string_view& text) {
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return {};
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

}  // namespace

std::optional<uint64_t> parse_time(std::string_view text) {
  const bool is_date = text.size() > 4 && text[4] == '-';
  const auto seconds = is_date ? take_date_and_time(text) : take_seconds(text);
  if (!seconds) return {};
  const auto fraction = take_fraction(text);
  const auto offset = is_date ? take_offset(text) : std::optional(0);
  if (!fraction || !offset || !text.empty()) return {};
  const int64_t since_epoch = *seconds - *offset;
  if (since_epoch < 0 || since_epoch > kLastSecond) return {};
  return static_cast<uint64_t>(since_epoch * kNanoseconds + *fraction);
}

}  // namespace ctwin::cli
