#include "cli/filter_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/filter_lexer.h"
#include "cli/filter_values.h"
#include "cli/filter_words.h"
#include "cli/values.h"

namespace ctwin::cli {

namespace {

using Kind = FilterTokenKind;
using Subject = FilterSubject;

constexpr unsigned kMaxDepth = 100;  // of parentheses and negations in each other

constexpr std::string_view kListHint = "; several values stand in a list, as in port {80, 443}";

FilterNode negation(FilterNode node) {
  FilterNode outer;
  outer.kind = FilterNode::Kind::kNot;
  outer.children.push_back(std::move(node));
  return outer;
}

/// One of these, or the only one.
FilterNode joined(FilterNode::Kind kind, std::vector<FilterNode> nodes) {
  if (nodes.size() == 1) return std::move(nodes.front());
  FilterNode outer;
  outer.kind = kind;
  outer.children = std::move(nodes);
  return outer;
}

bool is_comparison(Kind kind) { return kind >= Kind::kEqual && kind <= Kind::kGreaterEqual; }

/// The words in front of a subject; each may come once, in any order.
struct Qualifiers {
  std::optional<FilterToken> protocol, tuple, direction;
  FilterNode protocol_node;  ///< what `protocol` asks for
  uint8_t protocol_number = 0;
  uint8_t sides = kOrigSide;  ///< what tuple and direction come to

  bool none() const { return !protocol && !tuple && !direction; }
  bool only_protocol() const { return protocol && !tuple && !direction; }
};

class Parser {
 public:
  Parser(std::string_view text, const LabelMap* labels) : lexer_(text), labels_(labels) { step(); }

  std::variant<FilterNode, FilterMistake> run() {
    FilterNode node;
    if (token_.kind == Kind::kEnd) return FilterMistake{0, "--filter: the expression is empty"};
    if (!expression(node)) return std::move(mistake_);
    if (token_.kind == Kind::kEnd) return node;
    token_.kind == Kind::kClose ? fail(token_, "there is no ( that this ) closes")
                                : no_joint("the end");
    return std::move(mistake_);
  }

 private:
  void step() {
    token_ = lexer_.next();
    if (token_.kind != Kind::kWord) return;
    if (is_word("and")) token_.kind = Kind::kAnd;
    if (is_word("or")) token_.kind = Kind::kOr;
    if (is_word("not")) token_.kind = Kind::kNot;
  }

  bool is_word(std::string_view word) const {
    return token_.kind == Kind::kWord && same_word(token_.text, word);
  }

  bool fail(const FilterToken& where, std::string text) {
    mistake_ = {where.at, "--filter: " + std::move(text)};
    return false;
  }

  /// factor { "and" factor } { "or" factor }
  bool expression(FilterNode& node) {
    std::vector<FilterNode> conjunction(1), alternatives;
    if (!factor(conjunction.front())) return false;
    while (token_.kind == Kind::kAnd) {
      step();
      if (!factor(conjunction.emplace_back())) return false;
    }
    alternatives.push_back(joined(FilterNode::Kind::kAnd, std::move(conjunction)));
    while (token_.kind == Kind::kOr) {
      step();
      if (!factor(alternatives.emplace_back())) return false;
    }
    if (token_.kind == Kind::kAnd)
      return fail(token_, "an `and' behind an `or' can be read in two ways: use parentheses");
    node = joined(FilterNode::Kind::kOr, std::move(alternatives));
    return true;
  }

  bool factor(FilterNode& node) {
    if (token_.kind != Kind::kNot && token_.kind != Kind::kOpen) return condition(node);
    if (depth_ == kMaxDepth) return fail(token_, "more than 100 levels of parentheses and `not'");
    ++depth_;
    const bool read = token_.kind == Kind::kNot ? negated(node) : parenthesis(node);
    --depth_;
    return read;
  }

  bool negated(FilterNode& node) {
    step();
    FilterNode inner;
    if (!factor(inner)) return false;
    node = negation(std::move(inner));
    return true;
  }

  bool parenthesis(FilterNode& node) {
    const FilterToken open = token_;
    step();
    if (!expression(node)) return false;
    if (token_.kind == Kind::kEnd) return fail(open, "this ( is not closed");
    if (token_.kind != Kind::kClose) return no_joint("`)'");
    step();
    return true;
  }

  /// Neither `and', `or' nor `end'. A second value there was meant for a list.
  bool no_joint(std::string_view end) {
    std::string text = "`and', `or' or ";
    text.append(end).append(in_quotes(" is expected in place of ", token_.text, ""));
    const bool is_value = token_.kind == Kind::kWord && looks_like_value(token_.text);
    if (is_value || token_.kind == Kind::kComma) text += kListHint;
    return fail(token_, std::move(text));
  }

  /// { qualifier } subject [ comparison ] values
  bool condition(FilterNode& node) {
    Qualifiers qualifiers;
    read_qualifiers(qualifiers);
    if (token_.kind != Kind::kWord) return without_subject(qualifiers, node);
    const SubjectWord* subject = find_subject(token_.text, is_icmp(qualifiers.protocol_number));
    if (!subject) return without_subject(qualifiers, node);
    const FilterToken word = token_;
    step();
    return check_qualifiers(*subject, word, qualifiers) && comparison(*subject, qualifiers, node) &&
           qualify(qualifiers, node);
  }

  void read_qualifiers(Qualifiers& qualifiers) {
    for (; token_.kind == Kind::kWord; step()) {
      if (!qualifiers.tuple && (is_word("orig") || is_word("reply") || is_word("any")))
        qualifiers.tuple = token_;
      else if (!qualifiers.direction && (is_word("src") || is_word("dst")))
        qualifiers.direction = token_;
      else if (!qualifiers.protocol && read_protocol_word(token_.text, qualifiers.protocol_node))
        take_protocol(qualifiers);
      else
        break;
    }
    const auto names = [](const std::optional<FilterToken>& token, std::string_view word) {
      return token && same_word(token->text, word);
    };
    if (names(qualifiers.tuple, "reply")) qualifiers.sides = kReplySide;
    if (names(qualifiers.tuple, "any")) qualifiers.sides = kAllSides;
    if (names(qualifiers.direction, "src")) qualifiers.sides &= kSrcSides;
    if (names(qualifiers.direction, "dst")) qualifiers.sides &= kDstSides;
  }

  void take_protocol(Qualifiers& qualifiers) {
    qualifiers.protocol = token_;
    const FilterCondition& asked = qualifiers.protocol_node.condition;
    if (asked.subject == Subject::kProtocol)
      qualifiers.protocol_number = static_cast<uint8_t>(asked.ranges.front().low);
  }

  /// A word that is a condition by itself, or an address behind src or dst; everything else is a
  /// mistake.
  bool without_subject(Qualifiers& qualifiers, FilterNode& node) {
    const bool is_word = token_.kind == Kind::kWord;
    if (qualifiers.only_protocol() && !(is_word && looks_like_value(token_.text))) {
      node = std::move(qualifiers.protocol_node);
      return true;
    }
    if (qualifiers.direction && is_word && looks_like_address(token_.text))
      return comparison(*find_subject("net", false), qualifiers, node) && qualify(qualifiers, node);
    if (qualifiers.none() && is_word && read_plain_word(token_.text, node)) {
      step();
      return true;
    }
    return no_condition(qualifiers);
  }

  bool no_condition(const Qualifiers& qualifiers) {
    if (token_.kind == Kind::kEnd) return fail(token_, "a condition is missing at the end");
    if (token_.kind == Kind::kStray && token_.text.starts_with('"'))
      return fail(token_, "this quote is not closed");
    if (qualifiers.direction && token_.kind == Kind::kOr)
      return fail(*qualifiers.direction,
                  "leave `src or dst' away: host, net and port mean either side by themselves");
    if (qualifiers.tuple || qualifiers.direction)
      return fail(token_, in_quotes("host, net, port or the like is expected in place of ",
                                    token_.text, ""));
    if (looks_like_value(token_.text))
      return fail(token_, in_quotes("what is ", token_.text,
                                    "? A word such as host or port is missing in front of it")
                              .append(kListHint));
    const bool is_word = token_.kind == Kind::kWord;
    if (is_word && parse_protocol(token_.text))
      return fail(token_,
                  in_quotes("", token_.text, " is a protocol: write proto ").append(token_.text));
    return fail(token_, in_quotes("", token_.text, " is not a condition"));
  }

  bool check_qualifiers(const SubjectWord& subject, const FilterToken& word,
                        const Qualifiers& qualifiers) {
    const bool takes_protocol = subject.has_protocol || (subject.subject == Subject::kState &&
                                                         has_states(qualifiers.protocol_number));
    const FilterToken* misplaced = nullptr;
    if (qualifiers.direction && !subject.has_direction) misplaced = &*qualifiers.direction;
    if (qualifiers.tuple && subject.sides == 0) misplaced = &*qualifiers.tuple;
    if (qualifiers.protocol && !takes_protocol) misplaced = &*qualifiers.protocol;
    if (!misplaced) return true;
    return fail(*misplaced, in_quotes("", misplaced->text, " does not go with ") +
                                in_quotes("", word.text, ""));
  }

  /// [ comparison ] values
  bool comparison(const SubjectWord& subject, const Qualifiers& qualifiers, FilterNode& node) {
    const bool own_value = subject.entry_wide && !qualifiers.tuple;
    FilterCondition condition;
    condition.subject = subject.subject;
    condition.sides = own_value ? uint8_t{0} : qualifiers.sides & subject.sides;
    Kind how = Kind::kEqual;
    if (is_comparison(token_.kind)) {
      how = token_.kind;
      const bool orders = how != Kind::kEqual && how != Kind::kNotEqual;
      if (orders && subject.max == 0)
        return fail(token_, in_quotes("", subject.name, " knows = and != only"));
      step();
      if (orders) return ordering(how, subject, condition, node);
    }
    std::vector<FilterNode> alternatives;
    if (!values(subject, qualifiers, condition, alternatives)) return false;
    node = joined(FilterNode::Kind::kOr, std::move(alternatives));
    if (how == Kind::kNotEqual) node = negation(std::move(node));
    return true;
  }

  /// < <= > >= and one number.
  bool ordering(Kind how, const SubjectWord& subject, const FilterCondition& condition,
                FilterNode& node) {
    const bool is_word = token_.kind == Kind::kWord;
    const auto number = is_word ? read_filter_number(token_.text, subject) : std::nullopt;
    if (!number) return bad_value(subject);
    FilterRange range{0, subject.max};
    switch (how) {
      case Kind::kLess:
        if (*number == 0) return fail(token_, "nothing is less than 0");
        range.high = *number - 1;
        break;
      case Kind::kLessEqual: range.high = *number; break;
      case Kind::kGreater:
        if (*number == subject.max) return fail(token_, "nothing is greater than that");
        range.low = *number + 1;
        break;
      default: range.low = *number; break;
    }
    node.condition = condition;
    node.condition.mask = UINT32_MAX;  // of a mark, all bits count
    node.condition.ranges.push_back(range);
    step();
    return true;
  }

  bool values(const SubjectWord& subject, const Qualifiers& qualifiers,
              const FilterCondition& condition, std::vector<FilterNode>& alternatives) {
    if (token_.kind != Kind::kListOpen) return value(subject, qualifiers, condition, alternatives);
    const FilterToken open = token_;
    step();
    for (;;) {
      if (!value(subject, qualifiers, condition, alternatives)) return false;
      if (token_.kind == Kind::kComma) step();
      if (token_.kind == Kind::kEnd) return fail(open, "this { is not closed");
      if (token_.kind == Kind::kListClose) break;
    }
    step();
    return true;
  }

  bool value(const SubjectWord& subject, const Qualifiers& qualifiers,
             const FilterCondition& condition, std::vector<FilterNode>& alternatives) {
    if (token_.kind != Kind::kWord && token_.kind != Kind::kQuoted) return bad_value(subject);
    if (alternatives.empty() || !subject.pools) alternatives.emplace_back().condition = condition;
    const FilterValueContext context{subject, qualifiers.protocol_number, labels_};
    if (auto problem = read_filter_value(token_.text, context, alternatives.back()))
      return fail(token_, std::move(*problem));
    step();
    return true;
  }

  bool bad_value(const SubjectWord& subject) {
    if (token_.kind == Kind::kEnd)
      return fail(token_, in_quotes("", subject.name, " needs a value: ").append(subject.wants));
    return fail(token_, in_quotes("", token_.text, " is not what ") +
                            in_quotes("", subject.name, " takes: ").append(subject.wants));
  }

  /// The condition, and that of the protocol in front of it.
  bool qualify(Qualifiers& qualifiers, FilterNode& node) {
    if (!qualifiers.protocol) return true;
    std::vector<FilterNode> both;
    both.push_back(std::move(qualifiers.protocol_node));
    both.push_back(std::move(node));
    node = joined(FilterNode::Kind::kAnd, std::move(both));
    return true;
  }

  FilterLexer lexer_;
  FilterToken token_;
  const LabelMap* labels_;
  unsigned depth_ = 0;
  FilterMistake mistake_;
};

}  // namespace

std::variant<FilterNode, FilterMistake> parse_filter(std::string_view text,
                                                     const LabelMap* labels) {
  return Parser(text, labels).run();
}

}  // namespace ctwin::cli
