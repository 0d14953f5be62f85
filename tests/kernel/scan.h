// Conntrack's command line taken apart, so that a listed difference can say where it applies and
// can put another command line in its place.
//
// The grammar is conntrack 1.4.9's. Values are not looked at.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctwin::test {

struct Option {
  std::string name;  ///< its first long name, without dashes
  char letter = 0;   ///< 0: it has none
  std::optional<std::string> value;
  bool attached = false;   ///< -xVALUE or --name=VALUE
  bool clustered = false;  ///< not the first letter of its word
  bool is_command = false;
  bool of_protocol = false;
};

class CommandLine {
 public:
  explicit CommandLine(const std::vector<std::string>& words);

  const std::vector<Option>& options() const { return options_; }
  /// Something is no option, or lacks its argument; the options before it are known.
  bool broken() const { return broken_; }
  /// The broken word is a known option whose argument is missing.
  bool lacks_argument() const { return lacks_argument_; }
  /// The broken word is a cluster whose last letter is the unknown one.
  bool broken_at_end() const { return broken_at_end_; }
  /// What stands from the broken word on.
  const std::vector<std::string>& rest() const { return rest_; }

  /// The first command's long name, such as "dump"; empty if there is none.
  std::string_view command() const;
  bool is(std::string_view command_name) const { return command() == command_name; }
  bool one_of(std::initializer_list<std::string_view> names) const;
  /// "conntrack", "expect", "dying", "unconfirmed", or empty when the word is none of them.
  std::string_view table() const;

  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool has_any(std::initializer_list<std::string_view> names) const;
  const Option* find(std::string_view name) const;  ///< the last of that name
  std::string_view value(std::string_view name) const;
  size_t count(std::string_view name) const;

  void remove(std::string_view name);
  void rename(std::string_view name, std::string to, char letter);
  /// Puts what `make` makes of them in place of the values of that name.
  void change(std::string_view name, const std::function<std::string(const std::string&)>& make);
  void set(std::string_view name, std::string value);  ///< changes every one of that name
  void append(Option option) { options_.push_back(std::move(option)); }
  void move_to_end(std::string_view name);
  /// Keeps the first `count` options and puts `rest` behind them.
  void cut(size_t count, std::vector<std::string> rest);

  /// The options one by one, every value in a word of its own.
  std::vector<std::string> words() const;

 private:
  std::vector<Option> options_;
  std::vector<std::string> rest_;
  bool broken_ = false;
  bool lacks_argument_ = false;
  bool broken_at_end_ = false;
};

}  // namespace ctwin::test
