// The pieces of a rule's text, as iptables-save prints them: each with a blank before it.
#pragma once

#include <string>
#include <string_view>

#include "ctwin/address.h"
#include "rules/rule.h"

namespace ctwin::rules {

void save_match(std::string& out, const Match& match);     ///< " -m tcp --dport 80"
void save_target(std::string& out, const Target& target);  ///< " -j LOG --log-prefix x"

/// In double quotes where that is needed.
void save_string(std::string& out, std::string_view text);

std::string text_of(const Address& address);
/// "24", or "255.0.255.0" when it is no prefix.
std::string mask_text(const Address& mask);

}  // namespace ctwin::rules
