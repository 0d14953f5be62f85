// Every option of the command line, in one table: names, arguments, which command may carry it,
// and its words in --help. The scanner (words.h), the checks (arguments.h), CLI11 (options.h), the
// completions' test and the manual's test all read it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ctwin::cli {

enum class Command : uint8_t {
  kNone,
  kList,
  kGet,
  kDelete,
  kCreate,
  kAdd,
  kUpdate,
  kEvent,
  kFlush,
  kCount,
  kStats,
  kLoad,
  kVersion,
  kHelp,
};

enum class Table : uint8_t { kConntrack, kExpect, kDying, kUnconfirmed };

/// In conntrack's own order: the first offence against the validity table is the one reported.
enum class Option : uint8_t {
  kSrc,
  kDst,
  kReplySrc,
  kReplyDst,
  kProto,
  kTimeout,
  kStatus,
  kZero,
  kEventMask,
  kTupleSrc,
  kTupleDst,
  kMaskSrc,
  kMaskDst,
  kNatRange,
  kMark,
  kId,
  kFamily,
  kSrcNat,
  kDstNat,
  kOutput,
  kSecmark,
  kBufferSize,
  kAnyNat,
  kZone,
  kLabel,
  kLabelAdd,
  kLabelDel,
  kOrigZone,
  kReplyZone,
  kLabelMap,
  kFilter,
  kDryRun,
  kGroupBy,
  kTop,
  kWatch,
  kSnapshot,
  kNoResync,
  kLimit,
  kDuration,
  kExplain,
  kNatUsage,
  kWhoHad,
  kAt,
  kEventLog,
  kVerbose,
  kNetns,
  kBackend,
  kPcap,
  kSetup,
  kPcapOut,
  kLog,
  kIptablesSave,
  kSysctl,
  kTrace,
  kRunOut,
  kChecksum,
  kSeed,
  kServe,
  kSocketMode,
  kSocketGroup,
  kTun,
  kCapture,
  kCaptureFilter,
  kWait,
  // Options of a protocol, known only behind its -p.
  kSport,
  kDport,
  kReplySport,
  kReplyDport,
  kMaskSport,
  kMaskDport,
  kTupleSport,
  kTupleDport,
  kState,
  kOrigVtag,
  kReplyVtag,
  kRole,
  kIcmpType,
  kIcmpCode,
  kIcmpId,
  kCommand,  ///< the row is a command
};

enum class Argument : uint8_t {
  kNone,
  kRequired,
  kAttached,       ///< only as --name=value, and may be left out
  kOptional,       ///< attached, or the next word unless it begins with - or !
  kTable,          ///< as kOptional, but letters behind it in a cluster are options
  kTableAttached,  ///< as kTable, but letters behind it in a cluster are its argument
};

enum class Group : uint8_t {
  kCommand,
  kFilter,
  kNat,
  kEntry,
  kExpect,
  kOutput,
  kProtocol,
  kQuestion,
  kOwn
};

/// Whether conntrack has no options of this group.
constexpr bool is_own(Group group) { return group == Group::kQuestion || group == Group::kOwn; }

/// Bits of OptionRow::protocols.
enum Protocols : uint8_t {
  kTcpOption = 1 << 0,
  kUdpOption = 1 << 1,
  kSctpOption = 1 << 2,
  kDccpOption = 1 << 3,
  kGreOption = 1 << 4,
  kIcmpOption = 1 << 5,
  kIcmpv6Option = 1 << 6,
  kUdpliteOption = 1 << 7,
};

struct OptionRow {
  Option option;
  Command command;  ///< kNone unless the row is a command
  char letter;      ///< 0 when there is no short form
  std::string_view name;
  std::string_view alias;  ///< a second long name, or empty
  Argument argument;
  uint8_t protocols;  ///< 0 for options that every protocol has
  Group group;
  std::string_view validity;  ///< a mark a column, see validity_column
  std::string_view value;     ///< what --help calls the argument
  std::string_view help;
};

std::span<const OptionRow> option_table();

/// The Protocols bit of an IP protocol number; 0 for those that have no options.
uint8_t protocol_bit(uint8_t proto);

/// The mark of `row` for a command on a table: 'M' mandatory, 'o' optional, '3' one of a pair (see
/// arguments.cc), '-' illegal.
char validity(const OptionRow& row, Command command, Table table);

}  // namespace ctwin::cli
