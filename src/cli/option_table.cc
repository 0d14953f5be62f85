#include "cli/option_table.h"

#include <netinet/in.h>

namespace ctwin::cli {

namespace {

constexpr uint8_t kPorts = kTcpOption | kUdpOption | kUdpliteOption | kSctpOption | kDccpOption;

constexpr OptionRow command(Command command, char letter, std::string_view name, Argument argument,
                            std::string_view help) {
  return {Option::kCommand, command, letter,    name, {}, argument, 0,
          Group::kCommand,  {},      "[table]", help};
}

constexpr OptionRow option(Option option, char letter, std::string_view name,
                           std::string_view alias, Argument argument, Group group,
                           std::string_view validity, std::string_view value,
                           std::string_view help) {
  return {option, Command::kNone, letter, name, alias, argument, 0, group, validity, value, help};
}

constexpr OptionRow protocol(Option option, uint8_t protocols, std::string_view name,
                             std::string_view alias, std::string_view validity,
                             std::string_view value, std::string_view help) {
  return {option,    Command::kNone,   0,        name,  alias, Argument::kRequired,
          protocols, Group::kProtocol, validity, value, help};
}

constexpr OptionRow own(Option option, std::string_view name, Argument argument,
                        std::string_view value, std::string_view help) {
  return {option, Command::kNone, 0, name, {}, argument, 0, Group::kOwn, {}, value, help};
}

constexpr OptionRow question(Option option, std::string_view name, Argument argument,
                             std::string_view value, std::string_view help) {
  return {option, Command::kNone, 0, name, {}, argument, 0, Group::kQuestion, {}, value, help};
}

constexpr OptionRow verbose() {
  OptionRow row = question(Option::kVerbose, "verbose", Argument::kNone, {},
                           "with -C, how large the table may grow, too");
  row.letter = 'v';
  return row;
}

// Generic columns, as validity() counts them:
//   list, create/add, update, delete, get, flush, event, help,
//   list expect, create expect, delete expect, get expect, event expect
// Protocol columns:
//   list/event, update, delete, create/add, get, create expect, delete/get expect
constexpr OptionRow kRows[] = {
    command(Command::kList, 'L', "dump", Argument::kTable, "list a table"),
    command(Command::kGet, 'G', "get", Argument::kTable, "show one entry"),
    command(Command::kDelete, 'D', "delete", Argument::kTable, "delete what the options select"),
    command(Command::kCreate, 'I', "create", Argument::kTable, "create an entry"),
    command(Command::kAdd, 'A', "add", Argument::kTable, "create an entry or update it"),
    command(Command::kUpdate, 'U', "update", Argument::kTable, "update what the options select"),
    command(Command::kEvent, 'E', "event", Argument::kTable, "show events as they happen"),
    command(Command::kFlush, 'F', "flush", Argument::kTable, "delete everything"),
    command(Command::kCount, 'C', "counter", Argument::kTableAttached, "show how many entries"),
    command(Command::kStats, 'S', "stats", Argument::kTable, "show per-CPU counters"),
    {Option::kCommand,
     Command::kLoad,
     'R',
     "load-file",
     {},
     Argument::kRequired,
     0,
     Group::kCommand,
     {},
     "FILE|-",
     "run the commands of a file (must come first)"},
    command(Command::kVersion, 'V', "version", Argument::kTable, "show the version"),
    command(Command::kHelp, 'h', "help", Argument::kTable,
            "show this, and a protocol's options with -p"),

    option(Option::kSrc, 's', "src", "orig-src", Argument::kRequired, Group::kFilter,
           "o3oo3-o--MMM-", "ADDR[/N]", "original source"),
    option(Option::kDst, 'd', "dst", "orig-dst", Argument::kRequired, Group::kFilter,
           "o3oo3-o--MMM-", "ADDR[/N]", "original destination"),
    option(Option::kReplySrc, 'r', "reply-src", {}, Argument::kRequired, Group::kFilter,
           "o3oo3-o--ooo-", "ADDR", "reply source"),
    option(Option::kReplyDst, 'q', "reply-dst", {}, Argument::kRequired, Group::kFilter,
           "o3oo3-o--ooo-", "ADDR", "reply destination"),
    option(Option::kProto, 'p', "protonum", {}, Argument::kRequired, Group::kFilter,
           "oMooM-oo-MMM-", "PROTO", "protocol, by name or number"),
    option(Option::kTimeout, 't', "timeout", {}, Argument::kRequired, Group::kEntry,
           "-Moo-----M---", "SECONDS", "timeout"),
    option(Option::kStatus, 'u', "status", {}, Argument::kRequired, Group::kEntry, "oooo-----o---",
           "LIST", "ASSURED, SEEN_REPLY, UNREPLIED, !ASSURED, …"),
    option(Option::kZero, 'z', "zero", {}, Argument::kNone, Group::kOutput, "o------------", {},
           "zero the counters of what is listed"),
    option(Option::kEventMask, 'e', "event-mask", {}, Argument::kRequired, Group::kOutput,
           "------o------", "LIST", "ALL, NEW, UPDATES, DESTROY"),
    option(Option::kTupleSrc, '[', "tuple-src", {}, Argument::kRequired, Group::kExpect,
           "---------M---", "ADDR[/N]", "source of the expected flow"),
    option(Option::kTupleDst, ']', "tuple-dst", {}, Argument::kRequired, Group::kExpect,
           "---------M---", "ADDR[/N]", "destination of the expected flow"),
    option(Option::kMaskSrc, '{', "mask-src", {}, Argument::kRequired, Group::kFilter,
           "o-oo--o--M---", "MASK", "mask of the source, any bits"),
    option(Option::kMaskDst, '}', "mask-dst", {}, Argument::kRequired, Group::kFilter,
           "o-oo--o--M---", "MASK", "mask of the destination, any bits"),
    option(Option::kNatRange, 'a', "nat-range", {}, Argument::kRequired, Group::kNat,
           "ooooooooooooo", "RANGE", "ignored, for old scripts"),
    option(Option::kMark, 'm', "mark", {}, Argument::kRequired, Group::kEntry, "oooo--o------",
           "MARK[/MASK]", "mark"),
    option(Option::kId, 'i', "id", {}, Argument::kRequired, Group::kFilter, "--ooo--------", "ID",
           "entry id, as -o id shows it"),
    option(Option::kFamily, 'f', "family", {}, Argument::kRequired, Group::kFilter, "o-oo-oo-o----",
           "FAMILY", "ipv4 or ipv6"),
    option(Option::kSrcNat, 'n', "src-nat", {}, Argument::kOptional, Group::kNat, "oooo--o------",
           "[ADDR[:PORT]]", "source NAT"),
    option(Option::kDstNat, 'g', "dst-nat", {}, Argument::kOptional, Group::kNat, "oooo--o------",
           "[ADDR[:PORT]]", "destination NAT"),
    option(Option::kOutput, 'o', "output", {}, Argument::kRequired, Group::kOutput, "o-ooo-o-o---o",
           "LIST", "xml, json, save, extended, id, timestamp, ktimestamp, labels"),
    option(Option::kSecmark, 'c', "secmark", {}, Argument::kRequired, Group::kFilter,
           "o-----o------", "SECMARK", "security mark"),
    option(Option::kBufferSize, 'b', "buffer-size", {}, Argument::kRequired, Group::kOutput,
           "------o------", "BYTES", "receive buffer for events"),
    option(Option::kAnyNat, 'j', "any-nat", {}, Argument::kOptional, Group::kNat, "o-----o------",
           "[ADDR[:PORT]]", "source or destination NAT"),
    option(Option::kZone, 'w', "zone", {}, Argument::kRequired, Group::kEntry, "oo-o--o------",
           "ZONE", "zone"),
    option(Option::kLabel, 'l', "label", {}, Argument::kRequired, Group::kFilter, "o-ooo-o------",
           "LIST", "labels that must be set"),
    option(Option::kLabelAdd, '<', "label-add", {}, Argument::kRequired, Group::kEntry,
           "-oo----------", "LIST", "labels to set"),
    option(Option::kLabelDel, '>', "label-del", {}, Argument::kOptional, Group::kEntry,
           "--o----------", "[LIST]", "labels to clear, all of them without a list"),
    option(Option::kOrigZone, '(', "orig-zone", {}, Argument::kRequired, Group::kEntry,
           "oo-o--o------", "ZONE", "zone of the original direction"),
    option(Option::kReplyZone, ')', "reply-zone", {}, Argument::kRequired, Group::kEntry,
           "oo-o--o------", "ZONE", "zone of the reply direction"),
    option(Option::kLabelMap, 'M', "labelmap", {}, Argument::kRequired, Group::kOutput,
           "o-oo--o------", "FILE", "names of labels"),

    question(Option::kFilter, "filter", Argument::kRequired, "EXPR",
             "what to list, delete, update, watch or count"),
    question(Option::kDryRun, "dry-run", Argument::kNone, {},
             "with -D and -U, show what would be hit and change nothing"),
    question(Option::kGroupBy, "group-by", Argument::kRequired, "KEYS",
             "with -L and -E, sums by src, src/24, dport, state, …"),
    question(Option::kTop, "top", Argument::kRequired, "NUMBER", "only the largest groups"),
    question(Option::kWatch, "watch", Argument::kRequired, "SECONDS",
             "with -S, what the counters grow by, again and again"),
    question(Option::kSnapshot, "snapshot", Argument::kNone, {}, "with -E, list the table first"),
    question(Option::kNoResync, "no-resync", Argument::kNone, {},
             "with -E, do not make up for lost events"),
    question(Option::kLimit, "limit", Argument::kRequired, "NUMBER",
             "with -E, end behind this many events"),
    question(Option::kDuration, "duration", Argument::kRequired, "SECONDS",
             "with -E, end after this time"),
    question(Option::kExplain, "explain", Argument::kNone, {},
             "with -S, what counters mean and what helps"),
    question(Option::kNatUsage, "nat-usage", Argument::kNone, {},
             "how many ports of each translated address are in use"),
    question(Option::kWhoHad, "who-had", Argument::kRequired, "ADDR[:PORT]",
             "the flows behind a translated address"),
    question(Option::kAt, "at", Argument::kRequired, "TIME", "with --event-log, who had it then"),
    question(Option::kEventLog, "event-log", Argument::kRequired, "FILE",
             "look for --who-had in what -E -o json wrote"),
    verbose(),
    own(Option::kNetns, "netns", Argument::kRequired, "NAME|PID|PATH",
        "work in this network namespace"),
    own(Option::kBackend, "backend", Argument::kRequired, "WHERE",
        "kernel, engine, engine:FILE (kept) or unix:PATH (served)"),
    own(Option::kPcap, "pcap", Argument::kRequired, "[IFACE=]FILE",
        "packets for the engine, then the command; repeatable"),
    own(Option::kSetup, "setup", Argument::kRequired, "FILE",
        "routes and rules that make the engine a router; repeatable"),
    own(Option::kPcapOut, "pcap-out", Argument::kRequired, "[IFACE=]FILE",
        "write the packets that leave the engine; repeatable"),
    own(Option::kLog, "log", Argument::kRequired, "FILE",
        "for what LOG and TRACE rules say, else standard error"),
    own(Option::kIptablesSave, "iptables-save", Argument::kRequired, "FILE",
        "in the end, write the rules and their counters"),
    own(Option::kSysctl, "sysctl", Argument::kRequired, "NAME=VALUE",
        "a setting of the engine; repeatable"),
    own(Option::kTrace, "trace", Argument::kAttached, "[=invalid]",
        "what became of each packet, and why"),
    own(Option::kRunOut, "run-out", Argument::kNone, {},
        "after the last packet, wait until every entry has expired"),
    own(Option::kChecksum, "checksum", Argument::kRequired, "auto|verify|ignore",
        "what to think of the packets' checksums"),
    own(Option::kSeed, "seed", Argument::kRequired, "NUMBER", "of the engine's randomness"),
    own(Option::kServe, "serve", Argument::kRequired, "PATH",
        "keep the engine running and answer on this socket"),
    own(Option::kSocketMode, "socket-mode", Argument::kRequired, "MODE",
        "who may use the socket, in octal; 0600 without"),
    own(Option::kSocketGroup, "socket-group", Argument::kRequired, "GROUP",
        "the group that the socket belongs to"),
    own(Option::kTun, "tun", Argument::kRequired, "IFACE",
        "give the router this TUN device, made if need be; repeatable"),
    own(Option::kCapture, "capture", Argument::kRequired, "IFACE",
        "show the engine the packets of this interface; repeatable"),
    own(Option::kCaptureFilter, "capture-filter", Argument::kRequired, "EXPR",
        "only packets that this tcpdump expression selects"),
    own(Option::kWait, "wait", Argument::kRequired, "SECONDS",
        "how long for a state file that is in use; 60 without"),

    protocol(Option::kSport, kPorts, "sport", "orig-port-src", "ooo33MM", "PORT",
             "original source port"),
    protocol(Option::kDport, kPorts, "dport", "orig-port-dst", "ooo33MM", "PORT",
             "original destination port"),
    protocol(Option::kReplySport, kPorts, "reply-port-src", {}, "ooo33-M", "PORT",
             "reply source port"),
    protocol(Option::kReplyDport, kPorts, "reply-port-dst", {}, "ooo33-M", "PORT",
             "reply destination port"),
    protocol(Option::kMaskSport, kPorts, "mask-port-src", {}, "-----M-", "MASK",
             "mask of the expected source port"),
    protocol(Option::kMaskDport, kPorts, "mask-port-dst", {}, "-----M-", "MASK",
             "mask of the expected destination port"),
    protocol(Option::kState, kTcpOption | kSctpOption | kDccpOption, "state", {}, "oooMo--",
             "STATE", "state, such as ESTABLISHED"),
    protocol(Option::kTupleSport, kPorts, "tuple-port-src", {}, "-----M-", "PORT",
             "expected source port"),
    protocol(Option::kTupleDport, kPorts, "tuple-port-dst", {}, "-----M-", "PORT",
             "expected destination port"),
    protocol(Option::kOrigVtag, kSctpOption, "orig-vtag", {}, "oooMoM-", "TAG",
             "original verification tag"),
    protocol(Option::kReplyVtag, kSctpOption, "reply-vtag", {}, "oooMoM-", "TAG",
             "reply verification tag"),
    protocol(Option::kRole, kDccpOption, "role", {}, "o-oM-M-", "ROLE", "client or server"),
    protocol(Option::kSport, kGreOption, "srckey", "orig-key-src", "ooo33MM", "KEY",
             "original source key"),
    protocol(Option::kDport, kGreOption, "dstkey", "orig-key-dst", "ooo33MM", "KEY",
             "original destination key"),
    protocol(Option::kReplySport, kGreOption, "reply-key-src", {}, "ooo33MM", "KEY",
             "reply source key"),
    protocol(Option::kReplyDport, kGreOption, "reply-key-dst", {}, "ooo33MM", "KEY",
             "reply destination key"),
    protocol(Option::kMaskSport, kGreOption, "mask-key-src", {}, "-----M-", "MASK",
             "mask of the expected source key"),
    protocol(Option::kMaskDport, kGreOption, "mask-key-dst", {}, "-----M-", "MASK",
             "mask of the expected destination key"),
    protocol(Option::kTupleSport, kGreOption, "tuple-key-src", {}, "-----M-", "KEY",
             "expected source key"),
    protocol(Option::kTupleDport, kGreOption, "tuple-key-dst", {}, "-----M-", "KEY",
             "expected destination key"),
    protocol(Option::kIcmpType, kIcmpOption, "icmp-type", {}, "oooMM--", "TYPE", "type"),
    protocol(Option::kIcmpCode, kIcmpOption, "icmp-code", {}, "oooMM--", "CODE", "code"),
    protocol(Option::kIcmpId, kIcmpOption, "icmp-id", {}, "ooooo--", "ID", "id"),
    protocol(Option::kIcmpType, kIcmpv6Option, "icmpv6-type", {}, "oooMM--", "TYPE", "type"),
    protocol(Option::kIcmpCode, kIcmpv6Option, "icmpv6-code", {}, "ooooo--", "CODE", "code"),
    protocol(Option::kIcmpId, kIcmpv6Option, "icmpv6-id", {}, "ooooo--", "ID", "id"),
};

constexpr size_t kNoColumn = ~size_t{0};

size_t generic_column(Command command, bool expect) {
  switch (command) {
    case Command::kList: return expect ? 8 : 0;
    case Command::kCreate: return expect ? 9 : 1;
    case Command::kAdd: return 1;
    case Command::kUpdate: return 2;
    case Command::kDelete: return expect ? 10 : 3;
    case Command::kGet: return expect ? 11 : 4;
    case Command::kFlush: return expect ? kNoColumn : 5;
    case Command::kEvent: return expect ? 12 : 6;
    case Command::kHelp: return expect ? kNoColumn : 7;
    default: return kNoColumn;
  }
}

size_t protocol_column(Command command, bool expect) {
  switch (command) {
    case Command::kList:
    case Command::kEvent: return expect ? kNoColumn : 0;
    case Command::kUpdate: return 1;
    case Command::kDelete: return expect ? 6 : 2;
    case Command::kCreate: return expect ? 5 : 3;
    case Command::kAdd: return 3;
    case Command::kGet: return expect ? 6 : 4;
    default: return kNoColumn;
  }
}

}  // namespace

std::span<const OptionRow> option_table() { return kRows; }

uint8_t protocol_bit(uint8_t proto) {
  switch (proto) {
    case IPPROTO_TCP: return kTcpOption;
    case IPPROTO_UDP: return kUdpOption;
    case IPPROTO_UDPLITE: return kUdpliteOption;
    case IPPROTO_SCTP: return kSctpOption;
    case IPPROTO_DCCP: return kDccpOption;
    case IPPROTO_GRE: return kGreOption;
    case IPPROTO_ICMP: return kIcmpOption;
    case IPPROTO_ICMPV6: return kIcmpv6Option;
    default: return 0;
  }
}

char validity(const OptionRow& row, Command command, Table table) {
  if (is_own(row.group)) return 'o';
  const bool expect = table == Table::kExpect;
  const size_t column =
      row.protocols == 0 ? generic_column(command, expect) : protocol_column(command, expect);
  return column == kNoColumn ? '-' : row.validity[column];
}

}  // namespace ctwin::cli
