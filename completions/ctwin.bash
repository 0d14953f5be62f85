# bash completion for ctwin(8)

# The options, one a line: letter, names, protocols, commands, value, help; - for none. Commands are
# their letters, in lower case on the table expect. A test compares these lines with the program's.
IFS= read -r -d '' _ctwin_options <<'END'
L dump - command [table] list a table
G get - command [table] show one entry
D delete - command [table] delete what the options select
I create - command [table] create an entry
A add - command [table] create an entry or update it
U update - command [table] update what the options select
E event - command [table] show events as they happen
F flush - command [table] delete everything
C counter - command [table] show how many entries
S stats - command [table] show per-CPU counters
R load-file - command FILE|- run the commands of a file (must come first)
V version - command [table] show the version
h help - command [table] show this, and a protocol's options with -p
s src,orig-src - LIAUDGEidg ADDR[/N] original source
d dst,orig-dst - LIAUDGEidg ADDR[/N] original destination
r reply-src - LIAUDGEidg ADDR reply source
q reply-dst - LIAUDGEidg ADDR reply destination
p protonum - LIAUDGEhidg PROTO protocol, by name or number
t timeout - IAUDi SECONDS timeout
u status - LIAUDi LIST ASSURED, SEEN_REPLY, UNREPLIED, !ASSURED, …
z zero - L - zero the counters of what is listed
e event-mask - E LIST ALL, NEW, UPDATES, DESTROY
[ tuple-src - i ADDR[/N] source of the expected flow
] tuple-dst - i ADDR[/N] destination of the expected flow
{ mask-src - LUDEi MASK mask of the source, any bits
} mask-dst - LUDEi MASK mask of the destination, any bits
a nat-range - LIAUDGFEhlidge RANGE ignored, for old scripts
m mark - LIAUDE MARK[/MASK] mark
i id - UDG ID entry id, as -o id shows it
f family - LUDFEl FAMILY ipv4 or ipv6
n src-nat - LIAUDE [ADDR[:PORT]] source NAT
g dst-nat - LIAUDE [ADDR[:PORT]] destination NAT
o output - LUDGEle LIST xml, json, save, extended, id, timestamp, ktimestamp, labels
c secmark - LE SECMARK security mark
b buffer-size - E BYTES receive buffer for events
j any-nat - LE [ADDR[:PORT]] source or destination NAT
w zone - LIADE ZONE zone
l label - LUDGE LIST labels that must be set
< label-add - IAU LIST labels to set
> label-del - U [LIST] labels to clear, all of them without a list
( orig-zone - LIADE ZONE zone of the original direction
) reply-zone - LIADE ZONE zone of the reply direction
M labelmap - LUDE FILE names of labels
- filter - all EXPR what to list, delete, update, watch or count
- dry-run - all - with -D and -U, show what would be hit and change nothing
- group-by - all KEYS with -L and -E, sums by src, src/24, dport, state, …
- top - all NUMBER only the largest groups
- watch - all SECONDS with -S, what the counters grow by, again and again
- snapshot - all - with -E, list the table first
- no-resync - all - with -E, do not make up for lost events
- limit - all NUMBER with -E, end behind this many events
- duration - all SECONDS with -E, end after this time
- explain - all - with -S, what counters mean and what helps
- nat-usage - all - how many ports of each translated address are in use
- who-had - all ADDR[:PORT] the flows behind a translated address
- at - all TIME with --event-log, who had it then
- event-log - all FILE look for --who-had in what -E -o json wrote
v verbose - all - with -C, how large the table may grow, too
- netns - all NAME|PID|PATH work in this network namespace
- backend - all WHERE kernel, engine, engine:FILE (kept) or unix:PATH (served)
- pcap - all [IFACE=]FILE packets for the engine, then the command; repeatable
- setup - all FILE routes and rules that make the engine a router; repeatable
- pcap-out - all [IFACE=]FILE write the packets that leave the engine; repeatable
- log - all FILE for what LOG and TRACE rules say, else standard error
- iptables-save - all FILE in the end, write the rules and their counters
- sysctl - all NAME=VALUE a setting of the engine; repeatable
- trace - all [=invalid] what became of each packet, and why
- run-out - all - after the last packet, wait until every entry has expired
- checksum - all auto|verify|ignore what to think of the packets' checksums
- seed - all NUMBER of the engine's randomness
- serve - all PATH keep the engine running and answer on this socket
- socket-mode - all MODE who may use the socket, in octal; 0600 without
- socket-group - all GROUP the group that the socket belongs to
- tun - all IFACE give the router this TUN device, made if need be; repeatable
- capture - all IFACE show the engine the packets of this interface; repeatable
- capture-filter - all EXPR only packets that this tcpdump expression selects
- wait - all SECONDS how long for a state file that is in use; 60 without
- sport,orig-port-src tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original source port
- dport,orig-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original destination port
- reply-port-src tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply source port
- reply-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply destination port
- mask-port-src tcp,udp,udplite,sctp,dccp i MASK mask of the expected source port
- mask-port-dst tcp,udp,udplite,sctp,dccp i MASK mask of the expected destination port
- state tcp,sctp,dccp LIAUDGE STATE state, such as ESTABLISHED
- tuple-port-src tcp,udp,udplite,sctp,dccp i PORT expected source port
- tuple-port-dst tcp,udp,udplite,sctp,dccp i PORT expected destination port
- orig-vtag sctp LIAUDGEi TAG original verification tag
- reply-vtag sctp LIAUDGEi TAG reply verification tag
- role dccp LIADEi ROLE client or server
- srckey,orig-key-src gre LIAUDGEidg KEY original source key
- dstkey,orig-key-dst gre LIAUDGEidg KEY original destination key
- reply-key-src gre LIAUDGEidg KEY reply source key
- reply-key-dst gre LIAUDGEidg KEY reply destination key
- mask-key-src gre i MASK mask of the expected source key
- mask-key-dst gre i MASK mask of the expected destination key
- tuple-key-src gre i KEY expected source key
- tuple-key-dst gre i KEY expected destination key
- icmp-type icmp LIAUDGE TYPE type
- icmp-code icmp LIAUDGE CODE code
- icmp-id icmp LIAUDGE ID id
- icmpv6-type icmpv6 LIAUDGE TYPE type
- icmpv6-code icmpv6 LIAUDGE CODE code
- icmpv6-id icmpv6 LIAUDGE ID id
END

# Calls $1 for every option with its letter, names (an array), protocols, commands and value.
_ctwin_each_option() {
  local letter names protocols commands value
  while read -r letter names protocols commands value _; do
    [[ -n $letter ]] || continue
    IFS=, read -ra names <<<"$names"
    "$1" || return
  done <<<"$_ctwin_options"
}

# The rest are handlers of _ctwin_each_option. They share its variables and those of _ctwin.

# Ends the walk at the row that the letter or long name in `wanted` stands for.
_ctwin_find_row() {
  local name
  for name in "$letter" "${names[@]}"; do
    [[ $wanted == "$name" ]] || continue
    found=${names[0]} found_letter=$letter found_value=$value found_commands=$commands
    return 1
  done
}

# Adds the names of a row that fits the command and the protocol to `offers`.
_ctwin_offer_row() {
  local name
  if [[ $commands == command ]]; then
    [[ -z $command ]] || return 0
    [[ ${names[0]} != load-file || $COMP_CWORD -eq 1 ]] || return 0
  elif [[ $commands != all ]]; then
    [[ -n $command && $commands == *"$command"* ]] || return 0
    [[ $protocols == - || ,$protocols, == *,"$protocol",* ]] || return 0
  fi
  for name in "${names[@]}"; do offers+=("--$name"); done
  [[ $letter != [a-zA-Z] ]] || offers+=("-$letter")
}

# Sets `found` to the name of the option that `wanted` stands for, or to nothing.
_ctwin_find() {
  wanted=$1 found='' found_letter='' found_value='' found_commands=''
  [[ -z $wanted ]] || _ctwin_each_option _ctwin_find_row
}

# Remembers arguments that decide what else can be said.
_ctwin_note() {
  case $1 in
    protonum)
      protocol=${2,,}
      case $protocol in
        6) protocol=tcp ;; 17) protocol=udp ;; 136) protocol=udplite ;; 132) protocol=sctp ;;
        33) protocol=dccp ;; 47) protocol=gre ;; 1) protocol=icmp ;; 58) protocol=icmpv6 ;;
      esac ;;
    labelmap) labelmap=$2 ;;
    dump | get | delete | create | event) [[ expect != "$2"* ]] || command=${command,,} ;;
  esac
}

# Reads one option word, long or a cluster of letters. `found` is then the option that the next
# word may be an argument of, or nothing when the argument is attached.
_ctwin_read_option() {
  local word=$1 wanted
  if [[ $word == --* ]]; then
    _ctwin_find "${word#--}"
    [[ $found_commands != command ]] || command=$found_letter
    return
  fi
  word=${word#-}
  while [[ -n $word ]]; do
    _ctwin_find "${word:0:1}"
    word=${word:1}
    [[ $found_commands != command ]] || command=$found_letter
    if [[ -n $word && $found_commands != command && $found_value != - ]]; then
      _ctwin_note "$found" "$word"
      found=''
      return
    fi
  done
}

# Reads the words in front of the cursor: which command, table, protocol and label file, and which
# option the word at the cursor may be an argument of (`option`).
_ctwin_read_line() {
  local i word found found_letter found_value found_commands
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    [[ $word != = ]] || continue
    if [[ $word == -?* ]]; then
      _ctwin_read_option "$word"
      option=$found
      # The argument of --trace comes behind a = or not at all.
      [[ $found_value != - && ($found_value != '[='* || ${COMP_WORDS[i + 1]} == =) ]] || option=''
      continue
    fi
    _ctwin_note "$option" "$word"
    option=''
  done
}

# Label names of the file in use; those with blanks are left out.
_ctwin_labels() {
  local bit name
  while read -r bit name; do
    [[ $bit == '#'* || -z $name || $name == *[[:blank:]]* ]] || printf '%s\n' "$name"
  done 2>/dev/null <"${labelmap:-/etc/xtables/connlabel.conf}"
}

_ctwin_states() {
  case $protocol in
    tcp) echo NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK TIME_WAIT CLOSE \
      SYN_SENT2 LISTEN ;;
    sctp) echo NONE CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD \
      SHUTDOWN_ACK_SENT HEARTBEAT_SENT HEARTBEAT_ACKED ;;
    dccp) echo NONE REQUEST RESPOND PARTOPEN OPEN CLOSEREQ CLOSING TIMEWAIT IGNORE INVALID ;;
  esac
}

_ctwin_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

# The same for the last word of a comma list.
_ctwin_list() {
  local before=''
  [[ $current != *,* ]] || before=${current%,*},
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${current##*,}")
  compopt -o nospace 2>/dev/null
}

_ctwin_files() {
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
  compopt -o filenames 2>/dev/null
}

_ctwin_interfaces() {
  local names
  names=$(compgen -G '/sys/class/net/*')
  _ctwin_words "${names//\/sys\/class\/net\//}"
}

_ctwin_namespaces() {
  local names
  names=$(compgen -G '/run/netns/*')
  _ctwin_words "${names//\/run\/netns\//}"
}

# Negations only where one was begun: an interactive shell would take them for its history.
_ctwin_statuses() {
  local bits='ASSURED SEEN_REPLY FIXED_TIMEOUT EXPECTED OFFLOAD HW_OFFLOAD'
  if [[ ${current##*,} == !* ]]; then
    _ctwin_list "!${bits// / !}"
  else
    _ctwin_list "$bits UNREPLIED UNSET"
  fi
}

# Completes the argument of `option`. Fails when it has none that could be known.
_ctwin_value() {
  case $option in
    protonum) _ctwin_words 'tcp udp udplite sctp dccp icmp icmpv6 gre' ;;
    group-by) _ctwin_list 'src dst reply-src reply-dst sport dport reply-sport reply-dport proto
      family state zone mark nat status' ;;
    family) _ctwin_words 'ipv4 ipv6' ;;
    status) _ctwin_statuses ;;
    event-mask) _ctwin_list 'ALL NEW UPDATES DESTROY' ;;
    output) _ctwin_list 'extended id timestamp ktimestamp labels userspace xml json save' ;;
    label | label-add | label-del) _ctwin_list "$(_ctwin_labels)" ;;
    labelmap | load-file | event-log | pcap | pcap-out | setup | log | iptables-save | serve) _ctwin_files ;;
    backend) _ctwin_words 'kernel engine' ;;
    trace) _ctwin_words 'invalid' ;;
    tun | capture) _ctwin_interfaces ;;
    checksum) _ctwin_words 'auto verify ignore' ;;
    netns) _ctwin_namespaces ;;
    state) _ctwin_words "$(_ctwin_states)" ;;
    role) _ctwin_words 'client server' ;;
    dump) _ctwin_words 'conntrack expect dying unconfirmed' ;;
    add | update) _ctwin_words 'conntrack' ;;
    get | delete | create | event | flush | counter | stats) _ctwin_words 'conntrack expect' ;;
    *) return 1 ;;
  esac
}

_ctwin() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' protocol='' labelmap='' option=''
  local -a offers=()
  COMPREPLY=()
  _ctwin_read_line
  [[ $current != = ]] || current=''
  if [[ $current != -* && -n $option ]]; then
    _ctwin_value
    return
  fi
  _ctwin_each_option _ctwin_offer_row
  _ctwin_words "${offers[*]}"
} && complete -F _ctwin ctwin
