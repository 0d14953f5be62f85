// The setup file: what an administrator would type to configure the box, read for the engine.
//
//   ip addr add 192.168.42.1/24 dev eth0
//   sysctl -w net.netfilter.nf_conntrack_acct=1
//   iptables -t nat -A PREROUTING -d 1.2.3.4 -j DNAT --to-destination 192.168.1.4
//
// A line is one command: ip, sysctl, iptables, ip6tables, or iptables-restore with a here-document.
// What iptables-save writes can stand there as it is, too. The same file can be run by sh on the
// box; a command that is not understood is refused and never passed over. ctwin-setup(5) describes
// all of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conntrack/settings.h"
#include "ctwin/result.h"
#include "router/router.h"
#include "rules/rule.h"
#include "setup/box_settings.h"

namespace ctwin::setup {

/// A setup file as it was read.
struct SetupText {
  std::string name;
  std::string text;
};

/// A box as its setup files describe it.
struct Setup {
  Setup() { v6.family = AF_INET6; }

  std::vector<SetupText> texts;  ///< in the order in which they were read
  conntrack::Settings settings;
  BoxSettings box;
  router::Router router;
  rules::Ruleset v4, v6;
};

/// Reads one more file into `setup`, all of it or nothing. The error of a line is EINVAL and one
/// line of text: file:line:column: 'word': reason; supported is …
Status read_setup(const std::string& path, Setup& setup);
/// The same for text; errors call it `name`.
Status read_setup_text(const std::string& name, std::string_view text, Setup& setup);

}  // namespace ctwin::setup
